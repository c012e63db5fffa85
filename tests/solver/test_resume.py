"""Training goes on from a checkpoint as if it had never ended, bit by bit."""

import os
import random
import signal

import numpy as np
import pytest

from tests.solver.killed import differing, files, finish, kill
from tests.solver.long_run import KINDS, make, result
from tests.solver.small_net import weights
from tests.solver.stand_ins import Beside, Momentum, PictureNet, make_steps
from utils.kernels import threads
from utils.solver.resume import load_state, state_of

SMALL = KINDS[:2]  # without compiled code


def arrays(values):
    return {name: np.asarray(value) for name, value in values.items()}


def same(a, b):
    assert differing(arrays(a), arrays(b)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_killed_four_times(kind, tmp_path):
    folder, undisturbed = tmp_path / "killed" / "build", tmp_path / "whole" / "build"
    for one in (folder, undisturbed):
        one.mkdir(parents=True)
    assert kill(kind, folder, 4, random.Random(0)).total() > 2
    # In a process like the killed ones, because threads change the last bits of sums.
    same(finish(kind, undisturbed), finish(kind, folder))
    kept = [name for name in files(folder) if name[0] != "."]
    assert kept == ["run-000059.npz", "run-000060.npz"]


class Stop(Exception):
    pass


def stop_at(step, kind, prefix, **options):
    """Train with a checkpoint after each update, and break off after so many."""
    solver = make(kind, checkpoint=prefix, checkpoint_every=1e-9, **options)
    real_step = solver._step

    def break_off():
        if solver.step == step:
            raise Stop
        return real_step()

    solver._step = break_off
    with pytest.raises(Stop):
        solver.train()


@pytest.mark.parametrize("kind", SMALL)
def test_from_every_moment(kind, tmp_path):
    whole = make(kind)
    whole.train()
    for step in range(0, 60, 3 if kind == "lesson" else 4):
        folder = tmp_path / str(step)
        stop_at(step, kind, folder / "run")
        solver = make(kind, checkpoint=folder / "run")
        solver.train()
        same(result(solver), result(whole))
        assert solver.history["loss"] == whole.history["loss"]
        assert len(solver.epoch_seconds) == len(whole.epoch_seconds)


@pytest.mark.parametrize("kind", SMALL)
def test_a_training_that_is_over_is_not_made_again(kind, tmp_path, capsys):
    first = make(kind, checkpoint=tmp_path / "run")
    first.train()
    again = make(kind, checkpoint=tmp_path / "run", verbose=True)
    again._step = None  # any update would fail
    again.train()
    same(result(again), result(first))
    assert again.stopped is None
    assert capsys.readouterr().out == "Going on after iteration 60 of 60.\n"
    assert again.train_seconds == first.train_seconds


def test_resume_false_starts_anew_and_replaces_the_old_files(tmp_path):
    first = make("steps", checkpoint=tmp_path / "run")
    first.train()
    options = {"num_epochs": 2, "evaluate": "end"}
    second = make("steps", checkpoint=tmp_path / "run", resume=False, **options)
    second.train()
    assert second.step == 8
    assert files(tmp_path) == ["run-000008.npz"]


def test_a_second_call_of_train_is_resumed_as_well(tmp_path):
    whole = make("lesson")
    whole.train()
    whole.train()
    stopped = make("lesson", checkpoint=tmp_path / "run", checkpoint_every=1e-9)
    stopped.train()
    real_step = stopped._step

    def break_off():
        if stopped.step == 77:
            raise Stop
        return real_step()

    stopped._step = break_off
    with pytest.raises(Stop):
        stopped.train()
    # The same program, once more: its first call has been made already.
    again = make("lesson", checkpoint=tmp_path / "run")
    again.train()
    assert again.step == 77
    again.train()
    same(result(again), result(whole))
    again.train()
    assert again.step == 180


def test_patience_that_was_over_stays_over(tmp_path):
    options = {"patience": 2, "num_epochs": 9, "checkpoint": tmp_path / "run"}
    reasons = []
    for _ in range(2):
        solver = make_steps(optimizer=Momentum(rate=0.0), **options)
        solver.train()
        reasons.append((solver.step, solver.stopped))
    assert reasons[0] == reasons[1] and "no better" in reasons[0][1]


@pytest.mark.parametrize("limit", [1e-9, 0.02])
@pytest.mark.parametrize("kind", SMALL)
def test_a_time_limit_cuts_training_in_pieces(kind, limit, tmp_path):
    whole = make(kind)
    whole.train()
    pieces = []
    while not pieces or pieces[-1] is not None:
        prefix = tmp_path / "run"
        solver = make(kind, 0.001, checkpoint=prefix, time_limit=limit)
        solver.train()
        pieces.append(solver.stopped)
    same(result(solver), result(whole))
    assert len(pieces) > 2
    assert all("time_limit" in piece for piece in pieces[:-1])


@pytest.mark.skipif(os.name == "nt", reason="Windows ends the process")
@pytest.mark.parametrize("kind", SMALL)
def test_ctrl_c_waits_for_the_update_and_nothing_is_lost(kind, tmp_path):
    whole = make(kind)
    whole.train()
    solver = make(kind, checkpoint=tmp_path / "run")
    real_loss, stops = solver.model.loss, [23]

    def loss(X, y=None):
        if y is not None and solver.step in stops:
            stops.clear()
            os.kill(os.getpid(), signal.SIGINT)
        return real_loss(X, y)

    solver.model.loss = loss
    solver.train()
    assert "iteration 24: interrupted" in solver.stopped
    assert files(tmp_path) == ["run-000024.npz"]
    again = make(kind, checkpoint=tmp_path / "run")
    again.train()
    same(result(again), result(whole))


@pytest.mark.parametrize("step", [9, 12])
def test_weights_torn_by_a_second_ctrl_c_are_not_kept(step, tmp_path):
    def make_torn(**options):
        class Torn(Momentum):
            def step(self, params, grads, progress):
                if len(self.seen) + 1 == options.get("at"):
                    params["W1"] += 1
                    raise KeyboardInterrupt
                super().step(params, grads, progress)

        return make_steps(optimizer=Torn(), checkpoint=tmp_path / "run")

    whole = make_steps()
    whole.train()
    torn = make_torn(at=step)
    torn.train()
    assert f"iteration {step}: interrupted" in torn.stopped
    again = make_torn()
    again.train()
    same(result(again), result(whole))


def test_ctrl_c_while_the_last_accuracies_are_measured(tmp_path):
    whole = make("steps")
    whole.train()
    solver = make("steps", checkpoint=tmp_path / "run")
    real_loss, stops = solver.model.loss, [60]

    def loss(X, y=None):
        if y is None and solver.step in stops:
            stops.clear()
            raise KeyboardInterrupt
        return real_loss(X, y)

    solver.model.loss = loss
    solver.train()
    assert "interrupted" in solver.stopped
    same(result(solver), result(whole))
    again = make("steps", checkpoint=tmp_path / "run")
    again.train()
    same(result(again), result(whole))
    assert again.stopped is None


def test_ctrl_c_in_the_last_update_of_an_epoch_and_while_it_is_measured(tmp_path):
    whole = make_steps()
    whole.train()
    solver = make_steps(checkpoint=tmp_path / "run", checkpoint_every=1e-9)
    real_loss, presses = solver.model.loss, []

    def loss(X, y=None):
        moment = solver.step, y is None
        if moment in ((7, False), (8, True)) and moment not in presses:
            presses.append(moment)
            os.kill(os.getpid(), signal.SIGINT)
        return real_loss(X, y)

    solver.model.loss = loss
    solver.train()
    assert "iteration 8: interrupted" in solver.stopped and len(presses) == 2
    again = make_steps(checkpoint=tmp_path / "run")
    again.train()
    same(result(again), result(whole))


def test_patience_at_the_very_end_is_no_early_stop(tmp_path):
    solver = make_steps(optimizer=Momentum(rate=0.0), patience=2, num_epochs=2)
    solver.train()
    assert solver.stopped is None and solver.step == 8


def test_a_training_without_a_seed_is_resumed(tmp_path):
    for kind in SMALL:
        prefix = tmp_path / kind / "run"
        stop_at(31, kind, prefix, seed=None)
        results = []
        content = {path: path.read_bytes() for path in prefix.parent.iterdir()}
        for _ in range(2):
            for path in prefix.parent.iterdir():
                path.unlink()
            for path, old in content.items():
                path.write_bytes(old)
            solver = make(kind, checkpoint=prefix, seed=None)
            solver.train()
            results.append(result(solver))
        same(*results)


def test_averages_beside_the_weights_are_resumed(tmp_path):
    options = {"averaging": None, "evaluate": "never"}
    whole = make("steps", **options | {"averaging": Beside()})
    whole.train()
    stop_at(31, "steps", tmp_path / "run", **options | {"averaging": Beside()})
    averaging = Beside()
    options |= {"averaging": averaging, "checkpoint": tmp_path / "run"}
    solver = make("steps", **options)
    solver.train()
    assert weights(solver.model) == weights(whole.model)


def test_a_state_holds_everything_of_the_model():
    model = PictureNet()
    solver = make_steps(model)
    solver._begin()
    solver.train()
    tree = state_of(solver, "why", True)
    assert set(tree["weights"]) == {"params", "state", "bn_params"}
    other = make_steps(seed=8)
    other._begin()
    load_state(other, tree)
    assert weights(other.model) == weights(model)
    assert other.model.state["seen"][0] == model.state["seen"][0] == 144
    assert other.history == solver.history


def test_another_number_of_threads_is_a_note(tmp_path, monkeypatch, capsys):
    whole = make("steps")
    whole.train()
    stop_at(9, "steps", tmp_path / "run")
    count = threads.count() + 1
    monkeypatch.setattr(threads, "count", lambda: count)
    solver = make("steps", checkpoint=tmp_path / "run", verbose=True, progress=False)
    solver.train()
    same(result(solver), result(whole))
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("Going on after iteration 9")
    assert f"{count - 1} threads" in second and f"are {count} (UTILS" in second
    again = make("steps", checkpoint=tmp_path / "run", verbose=True, progress=False)
    again.train()
    assert "threads" not in capsys.readouterr().out
