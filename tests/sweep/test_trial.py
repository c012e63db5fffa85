"""What an objective reports."""

import pytest

from utils import sweep


def test_a_report_is_passed_on():
    told = []
    trial = sweep.Trial(3, {"a": 1}, lambda *report: told.append(report))
    trial.report(10.0, "0.5")
    assert told == [(10, 0.5)]
    assert (trial.number, trial.params) == (3, {"a": 1})


@pytest.mark.parametrize("answer", [None, "good", [0.5]])
def test_an_accuracy_is_a_number(answer):
    trial = sweep.Trial(0, {}, lambda *report: None)
    with pytest.raises(TypeError, match="report.*the accuracy is"):
        trial.report(1, answer)
