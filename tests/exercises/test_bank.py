"""No wrong layer survives its check, and no correct one is refused."""

import ast

import pytest

from tests.exercises import bank
from utils.checks.compare import Result

WRONG = bank.implementations("wrong")
CORRECT = bank.implementations("correct")


@pytest.mark.parametrize("implementation", WRONG, ids=str)
def test_a_wrong_implementation_is_refused(implementation):
    outcome = bank.judge(implementation)
    assert outcome.refused, outcome.report
    assert outcome.cause, "CAUSE is missing"


@pytest.mark.parametrize("implementation", CORRECT, ids=str)
def test_a_correct_implementation_is_accepted(implementation):
    outcome = bank.judge(implementation)
    assert outcome.accepted, outcome.report


@pytest.mark.parametrize("implementation", WRONG + CORRECT, ids=str)
def test_the_first_line_says_what_is_wrong_or_different(implementation):
    text = implementation.load().__doc__ or ""
    assert text.split("\n")[0].strip()


def test_the_bank_is_large_enough():
    assert len(WRONG) >= 100 and len(CORRECT) >= 25
    assert {each.group for each in WRONG} >= set(bank.IDS_BY_GROUP) - {
        "spatial_groupnorm"
    }


def test_no_implementation_stands_there_twice():
    seen = {}
    for each in WRONG + CORRECT:
        path = bank.FOLDER / each.kind / each.group / f"{each.name}.py"
        tree = ast.parse(path.read_text("utf-8"))
        code = ast.dump(ast.Module(tree.body[1:], []))  # without the docstring
        assert (each.group, code) not in seen, f"{each} is {seen[each.group, code]}"
        seen[each.group, code] = each


def test_the_first_failure_names_the_cause():
    unnamed = [each for each in WRONG if not bank.judge(each).named]
    lines = [f"{each}: {bank.judge(each).first}" for each in unnamed]
    assert len(unnamed) <= 0.1 * len(WRONG), "\n".join(lines)


# The runner itself must be able to say no.

FAILED = Result("stride 2", False, message="The window starts at i, j.")
PASSED = Result("stride 1", True)
TODO = Result("f", None)


def outcome(*results, cause=()):
    return bank.Outcome(results, "", cause)


def test_an_outcome_is_accepted_only_if_all_pass_and_refused_only_by_a_failure():
    assert outcome(PASSED).accepted and not outcome(PASSED).refused
    assert not outcome(PASSED, FAILED).accepted and outcome(PASSED, FAILED).refused
    assert not outcome(TODO).accepted and not outcome(TODO).refused


def test_all_words_of_a_cause_must_stand_in_the_first_failing_message():
    later = Result("pad", False, message="The padding is cut off.")
    assert outcome(PASSED, FAILED, later, cause=("WINDOW", "starts at")).named
    assert not outcome(FAILED, cause=("window", "padding")).named
    assert not outcome(FAILED, later, cause=("padding",)).named
    assert not outcome(PASSED, cause=()).named


def test_the_summary_counts_what_went_wrong():
    def module(kind, name):
        return bank.Implementation(kind, "conv_forward", name)

    found = {
        module("wrong", "a"): outcome(FAILED, cause=("window",)),
        module("wrong", "b"): outcome(PASSED, cause=("window",)),
        module("correct", "c"): outcome(PASSED),
    }
    assert bank.summary(found) == (
        "2 wrong implementations, only 1 caught; 1 correct variants, all accepted; "
        "cause named for 1 of 2"
    )
