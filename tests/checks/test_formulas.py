import pytest

from utils.checks import check_one_layer, check_strides, check_two_layers
from utils.checks.compare import Wrong
from utils.checks.formulas import value

RIGHT = {"r_1": "m1", "r_2": "m1 + (m2-1)*s1", "r_3": "m1+(m2-1)*s1+(m3-1)*s1*s2"}


def message(results):
    (text,) = [result.message for result in results if result.passed is False]
    return text


@pytest.mark.parametrize(
    "text",
    [
        "m1 + m2 - 1",
        "m1+m2-1",
        "m1 + (m2 - 1)",
        "(m1 - 1) + m2",
        "-1 + m2 + m1",
        "1 + (m1 - 1) + (m2 - 1)",
        "(m1 - 1) * 1 + (m2 - 1) * 1 + 1",
        "r2 = m1 + m2 - 1",
        "r_2 = m_1 + m_2 - 1",
        "M1 + M2 - 1",
        "m_1 + m_2 - 1",
        "m₁ + m₂ − 1",
        "(2*m1 + 2*m2 - 2) / 2",
        "(m1 + m2 - 1)**1",
        "(m1 + m2 - 1)^1",
        "r1 + m2 - 1",
        "r_1 + (m2 - 1)",
        "m1 + m2 - m1**0",
        "m1·1 + m2×1 − 1",
        "+m1 - (1 - m2)",
        "m1 + m2 - 1.0",
        "  m1\t+ m2 - 1 ",
        "m1 + m1*m2 - m1*(m2 - 1) + m2 - 1 - m1",
    ],
)
def test_right_ways_to_write_it(text):
    (result,) = check_two_layers(text)
    assert result.passed, result.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("m1*m2", "kernel sizes do not multiply"),
        ("m1+m2", "is not m steps away"),
        ("m1+m2+1", "is not m steps away"),
        ("m1+m2-2", "one pixel more than steps"),
        ("(m1+m2-1)**2", "this is the area"),
        ("m2", "the windows of the layers below count too"),
        ("m1", "the answer for "),
        (
            "m1 + m2/2",
            "raising m2 by 1 changes this by 1/2, but the field by 1.",
        ),
        ("m1 + m2 * m2 - 1", "this gives 18, expected 6: raising m2 by 1 changes this"),
        (
            "m1*m2 - 1",
            "raising m2 by 1 changes this by 3, but the field by 1.",
        ),
        (
            "2*m1 + m2 - 4",
            "raising m1 by 1 changes this by 2, but the field by 1.",
        ),
        ("m1 + m2 + 5", "expected 6: it is too large by 6 for every net."),
        ("m1 + m2 - 7/2", "expected 6: it is too small by 5/2 for every net."),
    ],
)
def test_slips_in_two_layers_are_named(text, hint):
    found = message(check_two_layers(text))
    assert hint in found and "stride" not in found


@pytest.mark.parametrize(
    ("k", "text", "hint"),
    [
        (1, "m1*s1", "a layer's own stride"),
        (1, "m1 + s1", "it changes with s1, but a layer's own stride"),
        (2, "m1 + (m2-1)*s1 + 1", "it is too large by 1 for every net"),
        (
            2,
            "m2 + (m1-1)*s1",
            "raising m2 by 1 changes this by 1, but the field by 2",
        ),
        (
            2,
            "m1 + m2*s1 - 1",
            "raising s1 by 1 changes this by 4, but the field by 3",
        ),
        (
            3,
            "r2*s2 + m3",
            "raising m3 by 1 changes this by 1, but the field by 6",
        ),
        (1, "m1 + s1 - 1", "a layer's own stride"),
        (1, "(m1 - 1)*s1 + 1", "own stride moves its neurons apart"),
        (2, "m1 + m2 - 1", "the strides are not used"),
        (2, "m1 + (m2-1)*s2", "a layer's own stride"),
        (2, "m1 + (m2-1)*s1*s2", "a layer's own stride"),
        (2, "(m1-1)*s1 + (m2-1)*s1*s2 + 1", "own stride moves its neurons apart"),
        (2, "m1 + m2*s1", "is not m steps away"),
        (2, "m1 * s1 + m2", "it does not change"),
        (3, "m1+(m2-1)*s1+(m3-1)*s2", "not all that counts"),
        (3, "m1+(m2-1)*s1+(m3-1)*(s1+s2)", "strides multiply, they do not add up"),
        (3, "m1+(m2-1)*s1+(m3-1)*s1*s2*s3", "a layer's own stride"),
        (3, "m1+m2+m3-2", "the strides are not used"),
        (3, "m1+(m2-1)*s1", "layer k - 1"),
        (3, "m1*m2*m3", "kernel sizes do not multiply"),
        (3, "r2 + (m3-1)*s2", "not all that counts"),
    ],
)
def test_slips_with_strides_are_named(k, text, hint):
    if (k, text) == (2, "m1 * s1 + m2"):
        hint = "expected 9"
    formulas = RIGHT | {f"r_{k}": text}
    results = check_strides(*formulas.values())
    assert [result.passed for result in results].count(True) == 2
    assert hint in message(results)


def test_a_hint_names_one_mistake_that_is_there():
    """A formula is no combination of two misconceptions for a few small nets."""
    found = message(check_strides("m1", "m1 + s1", RIGHT["r_3"]))
    assert "it does not change with m2, but the field does" in found
    assert "; and " not in found


def test_earlier_results_may_be_used():
    results = check_strides("m1", "r1 + (m2 - 1)*s1", "r_2 + (m3 - 1) * s1 * s2")
    assert all(result.passed for result in results)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("m1 + (m2-1)(1)", "a * is missing"),
        ("m1 m2", "is there a * between factors"),
        ("m1 + m2 - 1)", "are all brackets closed"),
        ("m1 + (m2-1)*s1", "s1 is no letter of this question: all strides are 1"),
        ("m1 + m3", "m3 is no letter of this question, which has m1, m2, r1"),
        (r"m_1 + \frac{m_2}{1}", "looks like LaTeX"),
        ("$m_1 + m_2 - 1$", "looks like LaTeX"),
        ("m_{1} + m_{2} - 1", "looks like LaTeX"),
        ("max(m1, m2)", "'max(m1, m2)': no function is needed here"),
        ("m1(m2 - 1)", "a * is missing"),
        ("9**9**9", "no answer here has such a power"),
        ("m1**m2", "no answer here has such a power"),
        ("m1 / 0", "divides by 0"),
        ("10**4 * 123456789", "is no number that an answer here can need"),
        ("1e400", "is no number that an answer here can need"),
        ("'a'", "is no number"),
        ("True", "is no number"),
        ("[m1]", "is more than"),
        ("m1 if m2 else 1", "is more than"),
        ("m1 // 1", "is more than"),
        ("lambda: 1", "is more than"),
        ("__import__('os').getcwd()", "a * is missing"),
        ("m1.real", "is more than"),
        ("-" * 900 + "m1", "has 902 letters: an answer here is short"),
        ("(" * 99 + "m1" + ")" * 98, "cannot be read"),
        ("+".join(["m1"] * 300), "has 899 letters"),
        ("m1\0", "cannot be read"),
        ("import os", "cannot be read"),
    ],
)
def test_what_is_no_formula_gets_a_sentence(text, sentence):
    assert sentence in message(check_two_layers(text))


@pytest.mark.parametrize("nothing", [None, "", ...])
def test_not_written(nothing, capsys):
    (result,) = check_one_layer(nothing)
    assert result.passed is None
    assert capsys.readouterr().out.startswith("todo  r_1 is not written yet")


@pytest.mark.parametrize("value", [3.0, ["m1"], len, True])
def test_what_is_no_text(value):
    assert "expected a text in quotes" in message(check_one_layer(value))


def test_a_number_alone_is_judged():
    assert "for m1 = 3, s1 = 2 this gives 5" in message(check_one_layer(5))


def test_values_are_exact():
    letters = {"m1": 10**18, "s1": 3}
    assert value("(m1 + 1) / s1 * s1 - m1", letters) == 1
    with pytest.raises(Wrong, match="no letter"):
        value("m2", letters)
