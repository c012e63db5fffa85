"""When accuracies are measured, and what follows from them."""

import json
import re
import time

import numpy as np
import pytest

from tests.solver.small_net import make_solver, weights
from tests.solver.stand_ins import Beside, Momentum, PictureNet, make_steps


@pytest.mark.parametrize(
    "evaluate, steps",
    [
        ("epoch", [0, 4, 8, 10]),
        ("end", [10]),
        ("never", []),
        (3, [3, 6, 9, 10]),
        (5, [5, 10]),
        (99, [10]),
    ],
)
def test_when_accuracies_are_measured(evaluate, steps):
    seen = []
    solver = make_steps(
        num_epochs=2.5,
        evaluate=evaluate,
        on_evaluate=lambda solver: seen.append(solver.step),
    )
    solver.train()
    history = solver.history
    measured = [
        step
        for step, accuracy in zip(history["step"], history["val_accuracy"], strict=True)
        if accuracy is not None
    ]
    assert measured == seen == steps
    assert len(solver.val_acc_history) == len(solver.train_acc_history) == len(steps)
    epochs = {4, 8, 10}
    first = {0} if evaluate == "epoch" else set()
    assert history["step"] == sorted(epochs | set(steps) | first)
    assert len(solver.epoch_seconds) == solver.epoch == 3


@pytest.mark.parametrize("evaluate", ["end", "never"])
def test_without_choice_the_last_weights_stay(evaluate):
    kept, last = PictureNet(), {}

    class Watching(Momentum):
        def step(self, params, grads, progress):
            super().step(params, grads, progress)
            last.update(weights(kept))

    solver = make_steps(kept, optimizer=Watching(rate=3.0), evaluate=evaluate)
    solver.train()
    assert weights(kept) == last and solver.best_params is None
    assert solver.best_val_acc == (solver.val_acc_history or [0.0])[-1]


@pytest.mark.parametrize("evaluate", ["epoch", 3])
def test_the_last_weights_stay_if_they_are_to(evaluate, tmp_path):
    def train(keep_best, **options):
        solver = make_steps(
            optimizer=Momentum(rate=3.0),
            evaluate=evaluate,
            keep_best=keep_best,
            **options,
        )
        solver.train()
        return solver

    never = make_steps(optimizer=Momentum(rate=3.0), evaluate="never")
    never.train()
    last, best = train(False, checkpoint=tmp_path / "run"), train(True)
    assert weights(last.model) == weights(never.model) != weights(best.model)
    assert last.best_params is None and best.best_params is not None
    assert last.val_acc_history == best.val_acc_history
    assert last.best_val_acc == best.best_val_acc == max(best.val_acc_history)
    again = train(False, checkpoint=tmp_path / "run")  # which is over
    assert weights(again.model) == weights(last.model)


def test_averages_stay_if_the_last_weights_are_to(tmp_path):
    never = make_steps(averaging=Beside(), evaluate="never")
    never.train()
    for _ in range(2):  # the second time from a checkpoint that is complete
        last = make_steps(
            averaging=Beside(), keep_best=False, checkpoint=tmp_path / "run"
        )
        last.train()
        assert weights(last.model) == weights(never.model)


def test_history_is_ready_for_json():
    solver = make_steps(sizes=((0, 3), (0.5, 4)))
    solver.train()
    history = json.loads(json.dumps(solver.history))
    assert history == solver.history
    assert {len(column) for column in history.values()} == {4}
    assert history["step"] == [0, 4, 8, 12] and history["epoch"] == [0, 1, 2, 3]
    assert history["size"] == [3, 3, 4, 4]
    assert history["loss"][0] is None
    means = np.reshape(solver.loss_history, (3, 4)).mean(axis=1)
    assert history["loss"][1:] == pytest.approx(means.tolist())
    rates = [rate["*"] for rate in history["rates"]]
    assert rates == pytest.approx([0.2, 0.2 * 2 / 3, 0.2 / 3, 0])
    assert history["seconds"][-1] == pytest.approx(solver.train_seconds)
    assert history["val_accuracy"] == solver.val_acc_history
    lesson = make_solver(lr_decay=0.5, optim_config={"learning_rate": 0.1})
    lesson.train()
    rates = [rate["learning_rate"] for rate in lesson.history["rates"]]
    assert json.dumps(lesson.history) and rates == [0.1, 0.1, 0.05, 0.025]


def test_seconds_count_updates_only():
    def slowly(*_):
        time.sleep(0.05)

    class Slow(PictureNet):
        def loss(self, X, y=None):
            if y is None:
                time.sleep(0.05)
            return super().loss(X, y)

    solver = make_steps(Slow(), on_evaluate=slowly, num_epochs=2)
    begin = time.perf_counter()
    solver.train()
    others = time.perf_counter() - begin - solver.train_seconds
    assert solver.train_seconds > 0 and others > 0.4  # however busy the machine is
    assert sum(solver.epoch_seconds) == pytest.approx(solver.train_seconds)


def test_patience_ends_training():
    # Nothing is learnt, so no evaluation is better than the first.
    solver = make_steps(optimizer=Momentum(rate=0.0), patience=2, num_epochs=9)
    solver.train()
    assert len(solver.val_acc_history) == 3 and solver.epoch == 2
    assert "iteration 8: no better validation accuracy in 2 eval" in solver.stopped
    learns = make_steps(patience=2)
    learns.train()
    assert learns.epoch == 3


def test_finish_comes_after_the_last_update_and_is_measured():
    model = PictureNet()
    seen = []

    def finish(given):
        assert given is model
        seen.append(solver.step)
        for w in model.params.values():
            w[...] = 0
        model.params["b2"][1] = 1  # always class 1

    solver = make_steps(model, finish=finish, evaluate="end")
    solver.train()
    assert seen == [12]
    assert solver.val_acc_history == [(solver.y_val == 1).mean()]


def test_lines_of_steps(capsys):
    make_steps(verbose=True, evaluate=3, num_epochs=2).train()
    lines = capsys.readouterr().out.splitlines()
    starts = [line.split("   ")[0] for line in lines]
    assert starts == ["step 3/8", "epoch 1/2", "step 6/8", "epoch 2/2"]
    assert "val acc" in lines[0] and "val acc" not in lines[1]
    assert "images/s" in lines[1] and "images/s" not in lines[2]
    make_steps(verbose=True, evaluate="never", num_epochs=1).train()
    (line,) = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"epoch 1/1   loss +\d\.\d{4} +\d+\.\d s +\d+ images/s", line)


def test_an_error_in_a_callback_comes_through():
    class Pruned(Exception):
        pass

    def prune(solver):
        raise Pruned

    with pytest.raises(Pruned):
        make_steps(on_evaluate=prune).train()
