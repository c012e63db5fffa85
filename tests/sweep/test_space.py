"""Ranges and choices, their texts, and what Optuna makes of them."""

import optuna
import pytest

from utils import sweep
from utils.sweep import space
from utils.sweep.library import SweepError

EXAMPLES = [
    (sweep.linear(0, 1), "linear(0.0, 1.0)"),
    (sweep.log(0.05, 0.5), "log(0.05, 0.5)"),
    (sweep.whole(1, 4), "whole(1, 4)"),
    (sweep.choice(125, 250), "choice(125, 250)"),
    (sweep.choice("muon", None, True), "choice('muon', None, True)"),
    (sweep.choice((64, 256), (32,)), "choice((64, 256), (32,))"),
    (sweep.choice(1), "choice(1)"),
]


@pytest.mark.parametrize(("found", "text"), EXAMPLES)
def test_text_and_back(found, text):
    assert repr(found) == text
    assert space.parse(f" {text} ") == found


@pytest.mark.parametrize(("found", "text"), EXAMPLES)
def test_suggested_values_lie_inside_and_come_back_from_storage(found, text):
    study = optuna.create_study()
    for _ in range(20):
        trial = study.ask()
        value = found.suggest(trial, "x")
        again = found.value(study.trials[-1].params["x"])
        assert again == value and type(again) is type(value)
        if found.scale == "choice":
            assert value in found.values
        else:
            assert found.low <= value <= found.high
        study.tell(trial, 0.0)


def test_scales():
    scales = [found.scale for found, _ in EXAMPLES[:4]]
    assert scales == ["linear", "log", "linear", "choice"]


def test_true_is_not_one():
    found = sweep.choice(1, True)
    assert found.value(True) is True and found.value(1) is not True


@pytest.mark.parametrize(
    ("make", "arguments", "words"),
    [
        (sweep.log, (0, 1), "above 0"),
        (sweep.linear, (2, 1), "lower end comes first"),
        (sweep.linear, (1, 1), "lower end comes first"),
        (sweep.linear, (0, float("nan")), "must be numbers"),
        (sweep.linear, (0, True), "must be numbers"),
        (sweep.whole, (1, 2.5), "whole numbers"),
        (sweep.choice, (), "at least one value"),
        (sweep.choice, (1, 2, 1), "twice"),
    ],
)
def test_what_makes_no_sense_is_refused(make, arguments, words):
    with pytest.raises(ValueError, match=words):
        make(*arguments)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "log",
        "log(1",
        "exp(1, 2)",
        "log(2, 1)",
        "log(1)",
        "log(low=1, high=2)",
        "choice(__import__('os').getcwd())",
        "sweep.log(1, 2)",
        "log('a', 'b')",
    ],
)
def test_other_texts_are_not_executed(text):
    with pytest.raises(SweepError, match="is no range.*log\\(low, high\\)"):
        space.parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("log(1", "a bracket is missing"),
        ("log(1 2)", "it cannot be read"),
        ("chose(1, 2)", "there is no 'chose'; do you mean choice?"),
        ("exp(1, 2)", "there is no 'exp')"),
        ("log(1)", "log takes two numbers, not 1"),
        ("log(low=1, high=2)", "without names"),
        ("choice(a, b)", "texts in quotes"),
        ("log('a', 'b')", "both ends must be numbers"),
        ("3", "not of the form NAME"),
    ],
)
def test_what_is_wrong_is_said_without_words_of_programmers(text, words):
    with pytest.raises(SweepError) as caught:
        space.parse(text)
    assert words in str(caught.value) and "Error" not in str(caught.value)


def test_what_must_be_possible_and_what_can_be_counted():
    assert sweep.whole(2, 5).ends == (2, 5) and sweep.whole(2, 5).count == 4
    assert sweep.choice(7, None).ends == (7, None) and sweep.choice(7, None).count == 2
    assert sweep.log(1, 2).count == sweep.linear(1, 2).count == float("inf")


def test_a_space_is_a_dict_of_ranges():
    space.check({"a": sweep.log(1, 2)})
    with pytest.raises(TypeError, match=r"space\['a'\] is 3, expected sweep.linear"):
        space.check({"a": 3})
    with pytest.raises(TypeError, match="is a list"):
        space.check(["a"])
    with pytest.raises(ValueError, match="empty"):
        space.check({})


def test_the_difference_in_words():
    known = {"a": "log(1.0, 2.0)", "b": "whole(1, 2)"}
    assert space.difference(known, dict(reversed(known.items()))) == ""
    text = space.difference(known, {"a": "log(1.0, 3.0)", "c": "choice(1)"})
    assert text == (
        "a: log(1.0, 2.0), now log(1.0, 3.0); b: whole(1, 2), now nothing; "
        "c: nothing, now choice(1)"
    )


def test_of_many_differences_the_first_are_told():
    known = dict.fromkeys("abcdef", "1")
    text = space.difference(known, {"b": "1"})
    assert text == "; ".join(f"{k}: 1, now nothing" for k in "acde") + "; and 1 more"
