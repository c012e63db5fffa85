import numpy as np
import pytest

from utils.checks.compare import Fault, Result, Wrong
from utils.checks.contrast import InCase, Outcome, contrast, settle, shared_causes


def fault(name="out", **answers):
    tests = [(text, lambda a=answer: a) for text, answer in answers.items()]
    return Fault(name, f"{name} is wrong", tests)


class Case:
    def __init__(self, **traits):
        self.traits = {name.replace("_", " "): on for name, on in traits.items()}


def judged(layer, case, *subjects):
    return layer, case.traits, subjects


def passed(name, **traits):
    return Outcome(InCase(judged, "layer", Case(**traits)), Result(name, True))


def failed(name, *parts, **traits):
    wrong = Wrong(parts)
    result = Result(name, False, message=str(wrong))
    return Outcome(InCase(judged, "layer", Case(**traits)), result, wrong)


def test_a_property_in_a_case_is_called_as_any_other():
    case = Case(padding=True)
    assert InCase(judged, 1, case)(2, 3) == (1, {"padding": True}, (2, 3))
    assert InCase(judged, 1, object()).traits is None


def test_the_cause_that_explains_most_cases_is_told():
    wrongs = [
        Wrong([fault(chance=True, real=True)]),
        Wrong([fault(chance=False, real=True)]),
        Wrong([fault(chance=False, real=True), fault("dw", other=True)]),
    ]
    assert shared_causes(wrongs) == {"out": "real", "dw": "other"}


def test_a_cause_that_seldom_explains_is_not_told():
    wrongs = [Wrong([fault(chance=k == 0)]) for k in range(4)]
    assert shared_causes(wrongs) == {}
    wrongs = [Wrong([fault(chance=True if k == 0 else None)]) for k in range(4)]
    assert shared_causes(wrongs) == {"out": "chance"}  # it does not apply elsewhere


def test_messages_are_written_again_with_what_is_known():
    first = failed("hand", fault(chance=True, real=True))
    second = failed("stride 2", fault(chance=False, real=True))
    results = settle([first, second, passed("pad")])
    assert [r.message for r in results] == ["out is wrong: real."] * 2 + [""]


def test_a_cause_from_a_later_case_is_told_with_its_case():
    results = settle(
        [failed("hand", fault(real=None)), failed("stride 2", fault(real=True))]
    )
    assert results[0].message == 'out is wrong. In "stride 2", out: real.'


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        (
            [{"padding": False}],
            [{"padding": True}],
            "Right in every case without padding, wrong in every case with it.",
        ),
        (
            [{"padding": True}, {"padding": True}],
            [{"padding": False}],
            "Right in every case with padding, wrong in every case without it.",
        ),
        (
            [{"a": True, "b": False}, {"a": False, "b": True}],
            [{"a": True, "b": True}],
            "Wrong in every case with a and b, right in others.",
        ),
        (
            [{"a": True, "b": False}, {"a": False, "b": False}],
            [{"a": True, "b": False}],
            "Right in every case without a; all wrong ones have it.",
        ),
        ([{"a": True}], [{"a": True}], ""),
        ([], [{"a": True}], ""),
        ([{"a": False}, {"a": True}], [{"a": False}, {"a": True}], ""),
    ],
)
def test_what_tells_right_from_wrong(right, wrong, sentence):
    cases = [(traits, True) for traits in right] + [(t, False) for t in wrong]
    assert contrast(cases) == sentence


def test_the_contrast_stands_in_the_first_failing_message_only():
    results = settle(
        [
            passed("plain", padding=False),
            failed("padding", "It stopped.", padding=True),
            failed("much padding", "It stopped.", padding=True),
        ]
    )
    assert results[1].message == (
        "It stopped. Right in every case without padding, wrong in every case with it."
    )
    assert results[2].message == "It stopped."


def test_other_properties_get_no_contrast():
    keeps = Wrong("it changed x.")
    results = settle(
        [
            Outcome(np.sum, Result("keeps", False, message=str(keeps)), keeps),
            passed("plain", padding=False),
            failed("padding", "It stopped.", padding=True),
        ]
    )
    assert results[0].message == "it changed x."
