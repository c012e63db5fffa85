"""The forward passes behind which a backward pass gets its second chance."""

import importlib

import pytest

from utils.checks.runner import EXERCISE_BY_ID
from utils.staff import forwards
from utils.staff.judge import FORWARD_OF


@pytest.mark.parametrize("part", FORWARD_OF)
def test_they_are_right_and_fit_the_solved_backward_pass(part, capsys):
    exercise = EXERCISE_BY_ID[part]
    name, backward_name = exercise.names
    forward = getattr(forwards, name)
    own = EXERCISE_BY_ID[FORWARD_OF[part]]
    assert own.names == (name,)
    assert all(result.passed for result in own.check(forward))
    solved = importlib.import_module(f"utils.exercises.{exercise.module}")
    backward = getattr(solved, backward_name)
    assert all(result.passed for result in exercise.check(forward, backward))
