"""Points that can be counted, and that no two trials have."""

import math
from types import SimpleNamespace

import optuna

from utils import sweep
from utils.sweep import points

SPACE = {"a": sweep.choice("x", "y"), "b": sweep.whole(0, 2)}
A, B = {"a": "x", "b": 0}, {"a": "y", "b": 2}


def trial(state, params, **attrs):
    state = SimpleNamespace(name=state)
    return SimpleNamespace(state=state, params=params, user_attrs=attrs)


def test_points_are_counted():
    assert points.count(SPACE) == 6
    assert points.count(SPACE | {"c": sweep.linear(0, 1)}) == math.inf


def test_who_has_a_point():
    trials = [
        trial("COMPLETE", A),
        trial("FAIL", B, why="NameError"),
        trial("RUNNING", {"a": "y"}),  # it has not chosen yet
    ]
    assert points.taken(trials, SPACE) == {points.key(A)}
    trials.append(trial("FAIL", B))  # lost: it will be done again
    assert points.taken(trials, SPACE) == {points.key(A), points.key(B)}


def test_true_is_not_one():
    assert points.key({"a": True}) != points.key({"a": 1})


def test_the_last_free_point_is_found_though_no_draw_finds_it():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    study.sampler.sample_independent = lambda study, trial, name, where: A[name]
    every = [{"a": a, "b": b} for b in range(3) for a in "xy"]
    trials = [trial("COMPLETE", point) for point in every if point != B]
    assert points.free(study, None, SPACE, trials) == B
    assert points.free(study, None, SPACE, [*trials, trial("RUNNING", B)]) is None


def test_who_draws_what_another_has_drawn_meanwhile_gives_way(monkeypatch):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    first, second = study.ask(), study.ask()
    monkeypatch.setattr(points, "free", lambda *_: dict(A))
    assert points.place(study, first, SPACE) and first.params == A
    assert not points.place(study, second, SPACE)


def test_a_copy_keeps_its_point():
    study = optuna.create_study()
    study.enqueue_trial(A)
    copy = study.ask()
    for name, found in SPACE.items():
        found.suggest(copy, name)
    assert points.place(study, copy, SPACE) and copy.params == A
