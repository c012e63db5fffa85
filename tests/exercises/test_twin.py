"""The bank is judged in this process; students are judged by way of another one.

Both have to find the same.  A sample is compared, because a process takes its time:
the first of each group, and what touches arrays in ways that must cross a pipe.
"""

from pathlib import Path

import pytest

from tests.exercises import bank
from utils.checks.runner import EXERCISE_BY_ID, sources
from utils.checks.subject import Source

ROOT = Path(__file__).resolve().parents[2]
TRICKY = (
    "wrong/conv_backward/dout_scaled_in_place",
    "wrong/max_pool_forward/input_flattened_in_place",
    "wrong/spatial_batchnorm_forward/bn_param_copied",
)


def sample():
    every = bank.implementations("wrong")
    first = {each.group: each for each in reversed(every)}
    tricky = {each for each in every if str(each) in TRICKY}
    assert len(tricky) == len(TRICKY)
    return sorted({*first.values(), *tricky}, key=str)


def remote_subjects(implementation, exercise):
    """Say where the functions are written: in the module, or in the exercise."""
    path = bank.FOLDER / implementation.kind / implementation.group
    path = path / f"{implementation.name}.py"
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    module = implementation.load()
    return [
        Source(str(path), name, str(ROOT), solved.name)
        if hasattr(module, solved.name)
        else solved
        for solved in sources(exercise.module, exercise.names)
    ]


@pytest.mark.parametrize("implementation", sample(), ids=str)
def test_another_process_leads_to_the_same_report(implementation):
    found = []
    for exercise_id in bank.IDS_BY_GROUP[implementation.group]:
        exercise = EXERCISE_BY_ID[exercise_id]
        found += exercise.check(*remote_subjects(implementation, exercise))
    here = bank.judge(implementation).results
    assert [(r.name, r.passed) for r in found] == [(r.name, r.passed) for r in here]
    failed = [[r.message for r in each if r.passed is False] for each in (found, here)]
    assert failed[0] == failed[1]
