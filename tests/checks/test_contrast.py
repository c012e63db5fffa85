import numpy as np
import pytest

from utils.checks.compare import Fault, Result, Wrong
from utils.checks.contrast import InCase, Outcome, contrast, settle, shared_causes
from utils.checks.process import Dead


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
    assert shared_causes(wrongs) == {"out": ["real"], "dw": ["other"]}


def test_a_cause_that_seldom_explains_is_not_told():
    wrongs = [Wrong([fault(chance=k == 0)]) for k in range(4)]
    assert shared_causes(wrongs) == {"out": []}
    wrongs = [Wrong([fault(chance=True if k == 0 else None)]) for k in range(4)]
    # It does not apply elsewhere.
    assert shared_causes(wrongs) == {"out": ["chance"]}


def test_a_pattern_that_other_cases_do_not_show_is_refuted():
    def shows(*texts):
        return Fault("out", "p", (), lambda: [(text, lambda: True) for text in texts])

    seen = [shows("last row"), shows("half"), shows("half"), shows("half")]
    assert shared_causes([Wrong([f]) for f in seen]) == {"out": ["half"]}
    seen = [shows("last row"), shows("first row"), shows("column")]
    assert shared_causes([Wrong([f]) for f in seen]) == {"out": []}


def test_a_cause_that_most_cases_refute_is_not_told_in_the_first_either():
    outcomes = [failed("a", fault(chance=True))]
    outcomes += [failed(name, fault(chance=False)) for name in "bcd"]
    assert settle(outcomes)[0].message == "out is wrong."


def test_a_later_failure_keeps_a_cause_of_its_own():
    outcomes = [
        failed("a", fault(one=True)),
        failed("b", fault(one=True)),
        failed("c", fault(one=None, other=True)),
    ]
    messages = [result.message for result in settle(outcomes)]
    assert messages[0] == "out is wrong: one."
    assert messages[2] == "out is wrong: other."


def test_where_the_cause_is_known_a_trait_by_chance_is_not_told():
    def outcomes(**answers):
        return [
            passed("plain", padding=False),
            passed("padding", padding=True),
            failed("more", fault(**answers), padding=True),
            failed("most", fault(**answers), padding=True),
        ]

    assert settle(outcomes())[2].message == (
        "out is wrong. Only cases with padding are wrong, but not all of them."
    )
    assert settle(outcomes(real=True))[2].message == "out is wrong: real."


def test_nothing_is_contrasted_after_the_process_has_ended():
    dead = Dead("f crashed with signal 11.")
    outcomes = [
        passed("plain", padding=False),
        Outcome(InCase(judged, "layer", Case(padding=True)), Result("b", False), dead),
    ]
    assert settle(outcomes)[1].message == "f crashed with signal 11."


def test_a_sentence_ends_before_the_next_one_begins():
    outcomes = [
        passed("plain", padding=False),
        failed("padding", "f stopped (layers.py:3)", padding=True),
    ]
    assert "(layers.py:3). Wrong in all" in settle(outcomes)[1].message


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
            "Wrong in all cases with padding, right in all others.",
        ),
        (
            [{"padding": True}, {"padding": True}],
            [{"padding": False}],
            "Right in all cases with padding, wrong in all others.",
        ),
        (
            [{"a": True, "b": False}, {"a": False, "b": True}],
            [{"a": True, "b": True}],
            "Wrong in all cases with a and b, right in all others.",
        ),
        (
            [{"a": True, "b": False}, *3 * [{"a": False, "b": False}]],
            2 * [{"a": True, "b": False}],
            "Only cases with a are wrong, but not all of them.",
        ),
        # With as many traits as cases one of them fits by chance.
        (
            [{"a": True, "b": False}, {"a": True, "b": True}],
            [{"a": False, "b": True}],
            "",
        ),
        ([{"a": False}, *4 * [{"a": True}]], 2 * [{"a": True}], ""),
        ([{"a": True}, {"a": False}], [{"a": True}], ""),
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
        "It stopped. Wrong in all cases with padding, right in all others."
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
