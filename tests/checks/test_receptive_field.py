import math

import numpy as np
import pytest

from utils.checks import check_receptive_field
from utils.checks.misconceptions import MISCONCEPTIONS, span
from utils.exercises.receptive_field import _checked_layers, receptive_field


def failed(results):
    return {result.name for result in results if not result.passed}


def messages(results):
    return " ".join(result.message for result in results if not result.passed)


def side_length(m, s, k):
    return len(span(list(zip(m, s, strict=False))[:k]))


def asked_like_the_exercise(wrong):
    return lambda m, s, k: wrong(list(zip(m, s, strict=True)), k)


def with_given_tests(fn):
    """Keep the given first line, which raises the documented errors."""

    def checked(kernel_sizes, strides, k):
        return fn(*_checked_layers(kernel_sizes, strides, k), k)

    return checked


def by_recursion(m, s, k):
    return (
        1
        if k == 0
        else by_recursion(m, s, k - 1)
        + (m[k - 1] - 1) * math.prod(int(stride) for stride in s[: k - 1])
    )


def from_the_top(m, s, k):
    size = 1
    for window, stride in zip(reversed(m[:k]), reversed(s[:k]), strict=True):
        size = (size - 1) * stride + window
    return size


@pytest.mark.parametrize(
    "fn",
    [receptive_field, with_given_tests(by_recursion), with_given_tests(from_the_top)],
)
def test_correct_implementations_pass(fn):
    results = check_receptive_field(fn)
    assert not failed(results), messages(results)


@pytest.mark.parametrize("text", sorted({text for text, _ in MISCONCEPTIONS}))
def test_misconceptions_are_named(text):
    for hint, wrong in MISCONCEPTIONS:
        if hint == text:
            results = check_receptive_field(asked_like_the_exercise(wrong))
            assert text in messages(results)


@pytest.mark.parametrize(
    ("fn", "hint"),
    [
        (lambda m, s, k: float(receptive_field(m, s, k)), "is the float"),
        (lambda m, s, k: None, "returned None, expected a number"),
        (lambda m, s, k: [receptive_field(m, s, k)], "returned a list"),
        (lambda m, s, k: np.zeros(2), "returned a ndarray"),
        (lambda m, s, k: math.nan, "is nan, expected"),
        (lambda m, s, k: receptive_field(m + [0], s, k), "ValueError"),
        (lambda m, s: 3, "TypeError"),
        (lambda m, s, k: m.append(1) or side_length(m, s, k), "changed kernel_sizes"),
        (lambda m, s, k: s.reverse() or side_length(m, s[::-1], k), "changed strides"),
        (lambda m, s, k: side_length(m, s, k) + 5, "expected"),
        (side_length, "(the lists differ in length) has to raise ValueError"),
        (
            lambda m, s, k: [*zip(m, s, strict=True)] and side_length(m, s, k),
            "(a window of 0 pixels) has to raise ValueError",
        ),
    ],
)
def test_wrong_answers(fn, hint):
    results = check_receptive_field(fn)
    assert failed(results) and hint in messages(results), messages(results)


def first_failure(results):
    return next(result.message for result in results if result.passed is False)


def only_if(allowed):
    """Right, but an error where ``allowed(m, s, k)`` is false."""

    def fn(m, s, k):
        if not allowed(m, s, k):
            raise KeyError("not here")
        return side_length(m, s, k)

    return fn


@pytest.mark.parametrize(
    ("allowed", "trait"),
    [
        (lambda m, s, k: k == 1, "k above 1"),
        (lambda m, s, k: k == len(m), "layers after layer k"),
        (lambda m, s, k: 1 not in m[:k], "a window of one pixel"),
        (lambda m, s, k: all(i % 2 for i in m[:k]), "an even window"),
        (lambda m, s, k: s[k - 1] == 1, "a stride above 1 in layer k itself"),
        (lambda m, s, k: set(s[: k - 1]) <= {1}, "a stride above 1 in a layer below k"),
    ],
)
def test_where_it_fails_is_told_by_contrast(allowed, trait):
    message = first_failure(check_receptive_field(only_if(allowed)))
    expected = f" Wrong in all cases with {trait}, right in all others."
    assert "KeyError" in message and message.endswith(expected)


def test_the_question_that_is_told_is_one_of_those_that_are_contrasted():
    results = check_receptive_field(
        lambda m, s, k: side_length(m, s, k) - (m[0] % 2 == 0 and k < 4)
    )
    message = first_failure(results)
    assert message.endswith(
        "is 7, expected 8. Only cases with an even window are "
        "wrong, but not all of them."
    )


def test_right_answers_to_most_questions_get_no_misconception():
    answer = only_if(lambda m, s, k: True)
    results = check_receptive_field(
        lambda m, s, k: answer(m, s, k) + (m == [3, 3] and s == [2, 1])
    )
    assert first_failure(results) == "<lambda>([3, 3], [2, 1], 2) is 8, expected 7."


def test_two_misconceptions_at_once():
    def fn(m, s, k):  # m for m - 1, and no strides
        return 1 + sum(m[:k])

    message = first_failure(check_receptive_field(fn))
    one = "the last of m pixels is not m steps away from the first"
    assert f"{one}; and the strides are not used" in message


def test_a_misconception_in_all_layers_at_once():
    def fn(m, s, k):  # the own stride, and never a stop at k
        size, step = 1, 1
        for window, stride in zip(m, s, strict=True):
            step *= stride
            size += (window - 1) * step
        return size

    message = first_failure(check_receptive_field(fn))
    assert "only layers 1 to k count; and a layer's own stride moves" in message


def test_an_answer_for_every_k_or_for_all():
    memory = {}
    same = check_receptive_field(lambda m, s, k: 7)
    assert "every net gets the same answer, 7." in first_failure(same)
    by_k = check_receptive_field(
        lambda m, s, k: memory.setdefault(k, side_length(m, s, k))
    )
    assert "seems to be remembered" in first_failure(by_k)


def test_lists_only_is_one_fault():
    def fn(m, s, k):
        assert isinstance(m, list)
        return receptive_field(m, s, k)

    assert failed(check_receptive_field(fn)) == {"tuples and numpy integers"}


def test_not_written(capsys):
    def fn(m, s, k):
        _checked_layers(m, s, k)  # as in the exercise
        raise NotImplementedError("receptive_field is not written yet (a.py)")

    assert [result.passed for result in check_receptive_field(fn)] == [None]
    assert (
        capsys.readouterr().out == "todo  receptive_field is not written yet (a.py)\n"
    )
