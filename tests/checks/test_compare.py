import numpy as np
import pytest

from tests.checks.causes import explain
from utils.checks.compare import (
    EXACT,
    Fault,
    Wrong,
    judge,
    judge_all,
    require_array,
    require_dtype,
    require_shape,
)

RIGHT = np.arange(1.0, 17.0).reshape(1, 1, 4, 4)


def wrong_message(*arguments, **more):
    with pytest.raises(Wrong) as caught:
        judge("out", *arguments, **more)
    return str(caught.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "out is None: is it computed"),
        ([1.0], "out is a list, expected a numpy array"),
        (3.0, "out is a float"),
        ((RIGHT,), "out is a tuple"),
        (np.array([1j]), "dtype complex128, expected real"),
        (np.array([None]), "dtype object, expected real"),
        (np.array(["a"]), "expected real"),
    ],
)
def test_only_real_arrays_are_judged(value, message):
    with pytest.raises(Wrong, match=message):
        require_array("out", value)


def test_subclasses_become_plain_arrays():
    masked = np.ma.array([1.0, 2.0], mask=[True, False])
    assert type(require_array("out", masked)) is np.ndarray


def test_shape_comes_before_values_and_is_explained():
    suspects = [("the stride is ignored", (2, 2)), ("never", (9,))]
    with pytest.raises(Wrong, match=r"\(2, 2\), expected \(1, 1\): the stride is ig"):
        require_shape("out", np.zeros((2, 2)), (1, 1), suspects)
    with pytest.raises(Wrong, match=r"has shape \(3,\), expected \(1, 1\)\.$"):
        require_shape("out", np.zeros(3), (1, 1), suspects)
    assert "has shape (4, 1), expected (4,)" in wrong_message(
        np.zeros((4, 1)), np.zeros(4), EXACT
    )


def test_dtype_sentence_names_both():
    with pytest.raises(Wrong, match="out is float64 although the inputs are float32"):
        require_dtype("out", np.zeros(1), np.float32)


def test_the_worst_element_is_named():
    got = RIGHT.copy()
    got[0, 0, 1, 2] += 0.5
    got[0, 0, 3, 3] -= 2
    message = wrong_message(got, RIGHT, EXACT)
    assert message.startswith("out[0, 0, 3, 3] is 14, expected 16")


def test_nan_and_infinity_fail_unless_they_are_right():
    got = RIGHT.copy()
    got[0, 0, 0, 1] = np.nan
    assert wrong_message(got, RIGHT, 1e300).startswith("out[0, 0, 0, 1] is nan")
    assert "expected nan" in wrong_message(RIGHT, got, 1e300)
    assert judge("out", got, got.copy(), EXACT) == 0
    infinite = RIGHT.copy()
    infinite[0, 0, 0, 1] = -np.inf
    assert judge("out", infinite, infinite.copy(), EXACT) == 0
    assert "is -inf, expected inf" in wrong_message(infinite, -infinite, EXACT)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (0 * RIGHT, "all of it is zero"),
        (-RIGHT, "only the sign is wrong"),
        (2.5 * RIGHT, "all of it is 2.5 times"),
        (RIGHT.swapaxes(2, 3), "rows and columns are exchanged"),
        (np.full(RIGHT.shape, np.nan), "all of it is nan"),
        (RIGHT * (np.arange(4) < 3), "the last column is left out"),
        (RIGHT * (np.arange(4) > 0)[:, None], "the first row is left out"),
    ],
)
def test_patterns_are_recognised(wrong, hint):
    assert hint in wrong_message(wrong, RIGHT, EXACT)


def test_known_mistakes_come_first_and_may_not_apply():
    suspects = [
        ("none", lambda: None),
        ("other shape", lambda: np.zeros(3)),
        ("the factor is missing", lambda: RIGHT / 2),
    ]
    assert explain("out", RIGHT / 2, RIGHT, suspects) == "the factor is missing"
    assert explain("out", np.cos(RIGHT), RIGHT, suspects) == ""
    suspects.append(("a particular offset", lambda: RIGHT + 1))
    assert explain("out", RIGHT + 1, RIGHT, suspects) == "a particular offset"


def test_a_mistake_that_makes_no_difference_explains_nothing():
    got = RIGHT.copy()
    got[0, 0, 1, 1] += 1e-8
    suspects = [("no mistake here", RIGHT.copy), ("too small", lambda: got)]
    assert explain("out", got, RIGHT, suspects) == ""
    suspects.append(("half of it", lambda: RIGHT / 2))
    assert explain("out", RIGHT / 2, RIGHT, suspects) == "half of it"


def test_a_fault_prefers_the_cause_that_is_known_from_elsewhere():
    def test(answer):
        return lambda: answer

    tests = [("a", test(None)), ("b", test(True)), ("c", test(True)), ("d", test(0))]
    more = [("e", test(True)), ("f", test(False))]
    fault = Fault("out", "out is wrong", tests, lambda: more)
    assert fault.causes == ["b", "c"]
    told = Wrong([fault]).tell
    assert told({"out": ["a", "d", "c", "b"]}) == "out is wrong: c."
    assert told({"out": ["d"]}) == "out is wrong."
    assert fault.knows("d") and not fault.knows("e")
    assert [fault.agrees(text) for text in "adefg"] == [None, False, True, False, None]
    assert str(Wrong([Fault("out", "p", (), lambda: more)])) == "p: e."
    wrong = Wrong([fault, "(dx is right.)"], 0.5, EXACT)
    assert str(wrong) == "out is wrong: b. (dx is right.)"
    assert wrong.tell({"out": ["c"]}) == "out is wrong: c. (dx is right.)"
    assert wrong.faults == [fault]
    assert str(Wrong([Fault("out", "p", [("why?", test(True))])])) == "p: why?"


def test_a_cause_that_several_arrays_share_is_told_once():
    tests = [("axes are mixed", lambda: True)]
    faults = [Fault(name, f"{name} is wrong", tests) for name in ("dx", "dw")]
    faults += [Fault(name, f"{name} is wrong") for name in ("db", "dgamma")]
    assert str(Wrong(faults)) == (
        "dx is wrong: axes are mixed. dw is wrong, in the same way. db is wrong. "
        "dgamma is wrong."
    )


def test_parts_end_before_the_next_one_begins():
    assert str(Wrong(["f stopped (a.py:3)", "Why?", "No."])) == (
        "f stopped (a.py:3). Why? No."
    )
    assert str(Wrong("f stopped (a.py:3)")) == "f stopped (a.py:3)"


def test_gradients_under_each_others_names_are_recognised():
    dx, dw, db = RIGHT, RIGHT[0, 0], np.array([1.0, 2.0])
    with pytest.raises(Wrong, match=r"the order \(dw, dx, db\), expected the order"):
        judge_all({"dx": (dw, dx), "dw": (dx, dw), "db": (db, db)}, EXACT)
    with pytest.raises(Wrong, match="dw has shape"):  # db is not among them
        judge_all({"dx": (dx, dx), "dw": (dx, dw), "db": (db, db)}, EXACT)
    zeros = np.zeros(2)  # nobody can tell which is which
    assert judge_all({"dx": (zeros, zeros), "dw": (zeros, zeros)}, EXACT) == 0


def test_a_tiny_tensor_is_judged_by_its_own_size():
    assert judge("out", 1e-12 * RIGHT, 1e-12 * RIGHT, EXACT) == 0
    wrong_message(1e-12 * RIGHT, 2e-12 * RIGHT, EXACT)


def test_all_gradients_are_reported_together():
    entries = {
        "dx": (RIGHT, RIGHT),
        "dw": (2 * RIGHT, RIGHT),
        "db": (None, RIGHT),
    }
    with pytest.raises(Wrong) as caught:
        judge_all(entries, EXACT)
    text = str(caught.value)
    assert "dw[" in text and "2 times" in text and "db is None" in text
    assert text.endswith("(dx is right.)")
    assert caught.value.error is None  # db has none
    del entries["db"]
    with pytest.raises(Wrong) as caught:
        judge_all(entries, EXACT)
    assert caught.value.error == pytest.approx(1 / 3)
    assert caught.value.limit == EXACT
    assert judge_all({"dx": (RIGHT, RIGHT)}, EXACT) == 0
