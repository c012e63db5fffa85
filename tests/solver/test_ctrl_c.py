"""Ctrl-C where two things belong together: averages in place of weights, callbacks."""

import os
import signal

import pytest

from tests.solver.small_net import weights
from tests.solver.stand_ins import Beside, PictureNet, make_steps
from utils.kernels import interrupts
from utils.solver import loop

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows ends the process")


class Pressed(Beside):
    """Averages that are swapped while somebody presses Ctrl-C, in the middle."""

    def __init__(self, *at):
        self.at, self.swaps = at, 0

    def swap(self, arrays):
        self.swaps += 1
        for name in arrays:
            super().swap({name: arrays[name]})
            if self.swaps in self.at:
                os.kill(os.getpid(), signal.SIGINT)
                for _ in range(1000):  # Python looks for signals between instructions
                    pass


def stop_cleanly(solver):
    if solver.step == 4:
        raise KeyboardInterrupt


def state_after(**options):
    solver = make_steps(evaluate=4, **options)
    solver.train()
    averaging = solver.averaging
    return weights(solver.model), averaging.state_dict(), solver.val_acc_history


def assert_equal(a, b):
    assert a[0] == b[0] and a[2] == b[2]
    assert {k: v.tobytes() for k, v in a[1].items()} == {
        k: v.tobytes() for k, v in b[1].items()
    }


@pytest.mark.parametrize("keep_best", [False, True])
@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("saves", [False, True])
def test_averages_are_never_half_in_place(at, keep_best, saves, tmp_path):
    how = {"keep_best": keep_best, "checkpoint": tmp_path / "run" if saves else None}
    averaging = Pressed(at)
    got = state_after(averaging=averaging, **how)
    assert averaging.swaps == 4 + (not keep_best)  # measured twice; and at the end
    how = {"keep_best": keep_best, "on_evaluate": stop_cleanly}
    assert_equal(got, state_after(averaging=Beside(), **how))


def test_ctrl_c_before_the_weights_are_back(monkeypatch):
    """The moment between the end of an evaluation and the hold on Ctrl-C."""
    entered = []

    def unbroken():
        entered.append(1)
        if len(entered) == 2:
            raise KeyboardInterrupt
        return interrupts.unbroken()

    monkeypatch.setattr(loop, "unbroken", unbroken)
    got = state_after(averaging=Beside(), keep_best=False)
    assert len(entered) > 2
    monkeypatch.undo()
    how = {"keep_best": False, "on_evaluate": stop_cleanly}
    assert_equal(got, state_after(averaging=Beside(), **how))


def test_ctrl_c_while_the_averages_are_put_in_at_the_end():
    whole = make_steps(averaging=Beside(), evaluate="never")
    whole.train()
    solver = make_steps(averaging=Pressed(1), evaluate="never")
    with pytest.raises(KeyboardInterrupt):
        solver.train()
    assert weights(solver.model) == weights(whole.model)


@pytest.mark.parametrize("train", [True, False])
def test_nobody_is_called_after_ctrl_c(train):
    class Pruned(Exception):
        pass

    def on_evaluate(solver):
        seen.append(solver.step)
        if solver.step > 4:
            raise Pruned

    class Interrupted(PictureNet):
        def loss(self, X, y=None):
            if len(self.batches) == (6 if train else 8) and (y is not None) == train:
                self.batches.append(None)
                raise KeyboardInterrupt
            return super().loss(X, y)

    seen = []
    solver = make_steps(Interrupted(), on_evaluate=on_evaluate)
    solver.train()
    assert seen == [0, 4] and "interrupted" in solver.stopped
    assert solver.step == (6 if train else 8) and len(solver.val_acc_history) == 3


def test_finish_is_called_once():
    class Interrupted(PictureNet):
        def loss(self, X, y=None):
            if y is None and len(self.batches) == 12:
                self.batches.append(None)
                raise KeyboardInterrupt
            return super().loss(X, y)

    calls = []
    solver = make_steps(Interrupted(), finish=lambda model: calls.append(solver.step))
    solver.train()
    assert "interrupted" in solver.stopped and len(solver.val_acc_history) == 4
    assert calls == [12]
    solver.train()
    assert calls == [12, 24]
