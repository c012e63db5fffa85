"""Rows and sentences from the trials of a study made by hand."""

import optuna
import pytest

from utils import sweep
from utils.sweep import results

SPACE = {"rate": sweep.log(0.01, 1), "kind": sweep.choice((1, 2), (3,))}
RATE = optuna.distributions.FloatDistribution(0.01, 1, log=True)
KIND = optuna.distributions.CategoricalDistribution(["(1, 2)", "(3,)"])


def make(state, value=None, reports=None, attrs=None):
    return {
        "state": optuna.trial.TrialState[state],
        "value": value,
        "params": {"rate": 0.1, "kind": "(3,)"},
        "distributions": {"rate": RATE, "kind": KIND},
        "intermediate_values": reports,
        "user_attrs": {"worker": "w", **(attrs or {})},
    }


@pytest.fixture
def study():
    study = optuna.create_study(direction="maximize")
    for trial in (
        make("FAIL", attrs={"worker": "dead"}),
        make("COMPLETE", 0.75, {10: 0.5, 100: 0.7}),
        make("PRUNED", None, {30: 0.4, 10: 0.2}),
        make("FAIL", attrs={"why": "surplus"}),
        make("COMPLETE", 0.8, attrs={"copy_of": 0, "losses": 1}),
        make("WAITING", attrs={"copy_of": 0, "losses": 1}),
        make("PRUNED", attrs={"why": "ArithmeticError: nan"}),
        make("RUNNING", None, {10: 0.3}),
        make("FAIL", attrs={"why": "NameError: x"}),
    ):
        study.add_trial(optuna.create_trial(**trial))
    return study


def test_a_row(study):
    assert results.row(study.trials[1], SPACE) == {
        "trial": 1,
        "state": "finished",
        "accuracy": 0.75,
        "seconds": None,  # these trials never ran
        "worker": "w",
        "params": {"rate": 0.1, "kind": (3,)},
        "note": "",
    }


def test_the_table_shows_each_trial_once(study):
    rows = results.table(study.trials, SPACE)
    assert [(r["trial"], r["state"], r["accuracy"], r["note"]) for r in rows] == [
        (4, "finished", 0.8, ""),
        (1, "finished", 0.75, ""),
        (2, "pruned", 0.4, ""),
        (6, "pruned", None, "ArithmeticError: nan"),
        (7, "running", 0.3, ""),
        (8, "failed", None, "NameError: x"),
    ]


def test_lines(study):
    lines = [results.line(r, 2.0) for r in results.table(study.trials, SPACE)]
    assert lines[0] == "trial 4: 0.8000 in 2.0 s with rate 0.1, kind (3,)"
    assert lines[2].startswith("trial 2: 0.4000 (pruned) in 2.0 s")
    assert lines[3].startswith("trial 6: no accuracy (ArithmeticError: nan) in")
    assert results.running(study.trials) == "trial 7 of w"
    assert results.running([]) == "other workers"


def test_importances_find_what_matters():
    study = optuna.create_study(direction="maximize")
    for k in range(40):
        trial = study.ask()
        x, _ = trial.suggest_float("x", 0, 1), trial.suggest_float("idle", 0, 1)
        assert (results.importances(optuna, study) == {}) == (k < 4)
        study.tell(trial, -abs(x - 0.3))
    found = results.importances(optuna, study)
    assert list(found) == ["x", "idle"]
    assert found["x"] > 0.8 and sum(found.values()) == pytest.approx(1)
    assert all(type(share) is float for share in found.values())
