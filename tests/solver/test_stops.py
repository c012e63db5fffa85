"""Training that ends early: values that are not finite, Ctrl-C, time limit."""

import re

import numpy as np
import pytest

from tests.solver.small_net import Breaks, Net, make_data, make_solver, spoil, weights
from utils.optim import UPDATE_RULES


@pytest.mark.parametrize(
    "what, sentence",
    [
        (spoil("b2", "W2"), "the gradient of W2 is the first that is not finite"),
        (spoil("b1", value=-np.inf), "the gradient of b1 is the first"),
        (spoil(loss=np.nan), "7: the loss is nan "),
        (spoil("W1", loss=np.inf), "the loss is inf and the gradient of W1 is the"),
    ],
)
def test_stops_at_the_first_value_that_is_not_finite(what, sentence):
    model = Breaks(8, what, use_bn=True)
    solver = make_solver(model, optim_config={"learning_rate": 0.2})
    solver.train()
    assert sentence in solver.stopped
    assert "Stopped after iteration 7: " in solver.stopped
    assert "(learning_rate is 0.2, try a smaller one)" in solver.stopped
    assert f"val acc {solver.best_val_acc:.3f}." in solver.stopped
    assert len(solver.loss_history) == 7 and np.isfinite(solver.loss_history).all()
    assert len(solver.val_acc_history) == 2
    data = make_data()
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == solver.best_val_acc
    assert all(np.isfinite(w).all() for w in model.params.values())


def test_a_gradient_whose_sum_overflows_is_still_finite():
    huge = np.full((6, 16), 3e38, np.float32)
    model = Breaks(2, lambda loss, grads: (loss, grads | {"W1": huge}))
    solver = make_solver(model, optim_config={"learning_rate": 0}, num_epochs=1)
    solver.train()
    assert solver.stopped is None


def test_a_learning_rate_far_too_large_gives_a_sentence_and_no_warning():
    model = Net()
    solver = make_solver(model, optim_config={"learning_rate": 1e30}, num_epochs=5)
    solver.train()
    assert re.search(r"iteration \d+: .*learning_rate is 1e\+30, try a", solver.stopped)
    assert all(np.isfinite(w).all() for w in model.params.values())


def test_weights_that_overflow_in_the_last_step_are_not_kept():
    # The loss and the gradients of the only iteration are finite; the step is not.
    model = Net()
    before = weights(model)
    options = {"batch_size": 90, "num_epochs": 1}
    solver = make_solver(model, optim_config={"learning_rate": 1e300}, **options)
    solver.train()
    assert "the value of W1 is the first that is not finite" in solver.stopped
    assert weights(model) == before


def test_weights_that_are_bad_from_the_start():
    model = Net()
    model.params["b1"][0] = np.nan
    solver = make_solver(model)
    solver.train()
    assert "iteration 0: the value of b1" in solver.stopped
    assert "no update yet" in solver.stopped
    assert solver.loss_history == solver.val_acc_history == []


def interrupt(*_):
    raise KeyboardInterrupt


def test_interrupt_keeps_histories_and_restores_the_best_weights(capsys):
    model, data = Breaks(8, interrupt, use_bn=True), make_data()
    solver = make_solver(model, data, verbose=True)
    solver.train()
    assert solver.stopped.startswith("Stopped after iteration 7: interrupted; best")
    *_, epoch, last = capsys.readouterr().out.splitlines()
    assert epoch.startswith("epoch 2/3 ") and last == solver.stopped
    # The epoch cut short has its accuracy and counts, as with time_limit.
    assert (len(solver.loss_history), solver.epoch) == (7, 2)
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 1 + 2
    assert len(solver.epoch_seconds) == 2
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == solver.best_val_acc


def test_interrupt_in_the_first_epoch_gives_back_what_was_learnt():
    model, data = Breaks(5, interrupt, use_bn=True), make_data()
    before = weights(model)
    solver = make_solver(model, data, optim_config={"learning_rate": 0.2})
    solver.train()
    assert "iteration 4: interrupted" in solver.stopped
    first, last = solver.val_acc_history
    assert solver.best_val_acc == last > first
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == last
    assert weights(model) != before


@pytest.mark.parametrize("at", [1, 6])
def test_interrupt_before_the_first_update_of_an_epoch_measures_nothing(at):
    solver = make_solver(Breaks(at, interrupt))
    solver.train()
    epochs = at // 5
    assert f"iteration {at - 1}: interrupted" in solver.stopped
    assert solver.epoch == len(solver.epoch_seconds) == epochs
    assert len(solver.val_acc_history) == 1 + epochs


@pytest.mark.parametrize("presses", [1, 2])
def test_interrupt_while_an_epoch_is_measured(presses):
    model, data = Net(), make_data()
    solver = make_solver(model, data, optim_config={"learning_rate": 0.2})
    evaluate, calls = solver._evaluate, []

    def evaluate_or_interrupt():
        calls.append(len(solver.loss_history))
        if 2 <= len(calls) < 2 + presses:
            raise KeyboardInterrupt
        evaluate()

    solver._evaluate = evaluate_or_interrupt
    solver.train()
    assert calls == [0, 5, 5]  # it starts over once, and only once
    assert "iteration 5: interrupted; best weights restored" in solver.stopped
    assert len(solver.val_acc_history) == 1 + solver.epoch == 3 - presses
    assert solver.best_val_acc == max(solver.val_acc_history)
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == solver.best_val_acc


def test_a_second_interrupt_skips_the_last_evaluation():
    class Twice(Breaks):
        def loss(self, X, y=None):
            if y is None and len(self.batches) == self.at:
                raise KeyboardInterrupt
            return super().loss(X, y)

    model = Twice(4, interrupt)
    before = weights(model)
    solver = make_solver(model)
    solver.train()
    assert "iteration 3: interrupted; best weights restored" in solver.stopped
    assert (solver.epoch, len(solver.val_acc_history)) == (0, 1)
    assert weights(model) == before


def test_interrupt_with_weights_that_are_not_finite():
    def spoil_and_interrupt(loss, grads):
        model.params["W2"][0] = np.inf
        raise KeyboardInterrupt

    model = Breaks(4, spoil_and_interrupt)
    before = weights(model)
    solver = make_solver(model)
    solver.train()
    assert "the value of W2 is the first that is not finite" in solver.stopped
    assert (solver.epoch, len(solver.val_acc_history)) == (0, 1)
    assert weights(model) == before


def test_interrupt_in_the_middle_of_an_update(monkeypatch):
    model, data = Net(), make_data()
    solver = make_solver(model, data)
    calls = []

    def half(w, dw, config=None):
        calls.append(w)
        if len(calls) == 4 * 6 + 2:  # the second weight of the seventh iteration
            w[...] = 99
            raise KeyboardInterrupt
        return w - 0.01 * dw, config

    monkeypatch.setitem(UPDATE_RULES, "sgd", half)
    solver.train()
    assert "iteration 7: interrupted" in solver.stopped
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == solver.best_val_acc


def test_interrupt_before_anything_was_measured(monkeypatch):
    model = Net()
    before = weights(model)
    solver = make_solver(model)
    monkeypatch.setattr(solver, "_evaluate", interrupt)
    solver.train()
    assert solver.stopped == "Stopped after iteration 0: interrupted."
    assert weights(model) == before and solver.best_params is None


@pytest.mark.parametrize("first", ["whole", "interrupted"])
def test_training_goes_on_with_a_second_call(first):
    model, data = Breaks(8 if first == "interrupted" else 0, interrupt), make_data()
    options = {"lr_decay": 0.5, "optim_config": {"learning_rate": 0.1}}
    solver = make_solver(model, data, update_rule="adam", num_epochs=2, **options)
    solver.train()
    epochs = 2  # the interrupted one is the second
    assert solver.epoch == epochs and bool(solver.stopped) == (first == "interrupted")
    losses, rate, start = list(solver.loss_history), 0.1 * 0.5**epochs, weights(model)
    assert solver.learning_rate == pytest.approx(rate)
    seen = {}
    real_loss = model.loss

    def loss(X, y=None):
        seen.setdefault("start", weights(model))
        return real_loss(X, y)

    model.loss = loss
    solver.train()
    assert seen["start"] == start
    assert solver.stopped is None and solver.epoch == epochs + 2
    assert solver.loss_history[: len(losses)] == losses
    assert len(solver.loss_history) == len(losses) + 10
    assert len(solver.val_acc_history) == 1 + epochs + 2
    assert solver.best_val_acc == max(solver.val_acc_history)


def test_time_limit_ends_within_an_epoch_and_evaluates_it(monkeypatch):
    clock = iter(range(1000))  # every look at the clock takes a second
    monkeypatch.setattr("time.perf_counter", lambda: float(next(clock)))
    solver = make_solver(time_limit=8.5, num_epochs=100)
    solver.train()
    # looks: 0 start, 1 start of epoch, 2-6 iterations 1-5, 7 limit?
    # 8 start of epoch, 9 iteration 6, which is over the limit of 8.5
    assert solver.epoch_seconds == [5.0, 1.0]
    assert "iteration 6: time_limit of 8.5 s is over; best" in solver.stopped
    assert len(solver.loss_history) == 6
    assert len(solver.val_acc_history) == 3


@pytest.mark.parametrize("limit", [1000, 6.5])
def test_time_limit_that_cuts_nothing_off(monkeypatch, limit):
    # The second limit is over while the last epoch, complete, is evaluated.
    clock = iter(range(1000))
    monkeypatch.setattr("time.perf_counter", lambda: float(next(clock)))
    solver = make_solver(time_limit=limit, num_epochs=1)
    solver.train()
    assert solver.stopped is None and solver.epoch == 1
