"""Training by steps: optimiser, sizes, frozen weights, averages, evaluations."""

import re

import numpy as np
import pytest

from tests.solver.small_net import Net, make_solver, weights
from tests.solver.stand_ins import (
    Beside,
    Momentum,
    PictureNet,
    Pull,
    Views,
    make_pictures,
    make_steps,
)


def test_learns_with_everything_at_once():
    solver = make_steps(
        num_epochs=12,
        sizes=((0.0, 3), (0.5, 4)),
        freeze=((0.8, "W1"), (0.8, "b1")),
        averaging=Pull(),
    )
    solver.train()
    assert solver.stopped is None and solver.epoch == 12
    assert solver.best_val_acc > 0.9 > 0.7 > solver.val_acc_history[0]


def test_one_step_by_hand():
    model, twin = PictureNet(), PictureNet()
    data = make_pictures()
    solver = make_steps(model, data, num_epochs=None, num_steps=1, evaluate="never")
    solver.train()
    index = np.random.default_rng([0, 0]).permutation(50)[:12]
    X = Views().batch(data["X_train"], index, 0)
    loss, grads = twin.loss(X, data["y_train"][index])
    assert solver.loss_history == [loss]
    for name, w in model.params.items():
        expected = twin.params[name] - np.float32(0.2) * grads[name]
        np.testing.assert_allclose(w, expected, rtol=1e-6)


def test_batches_are_whole_and_follow_from_seed_and_epoch():
    data = make_pictures()
    solver = make_steps(data=data, seed=3)
    solver.train()
    calls = solver.augment.calls
    assert [epoch for _, epoch, _, _ in calls] == [0] * 4 + [1] * 4 + [2] * 4
    for epoch in range(3):
        order = sum((index for index, e, _, _ in calls if e == epoch), [])
        expected = np.random.default_rng([3, epoch]).permutation(50)[:48]
        assert order == expected.tolist()
    # One memory serves all batches of one size.
    assert all(out is not None for *_, out in calls[1:])
    assert [progress for progress, _ in solver.optimizer.seen] == [
        k / 12 for k in range(12)
    ]


@pytest.mark.parametrize(
    "options, steps",
    [
        ({"num_epochs": 2.5}, 10),
        ({"num_epochs": 0.01}, 1),
        ({"num_steps": 7}, 7),
        ({"num_steps": 7, "num_epochs": None}, 7),
    ],
)
def test_parts_of_epochs(options, steps):
    if "num_steps" in options:
        options = {"num_epochs": 10} | options
    solver = make_steps(**options)
    solver.train()
    epochs = -(-steps // 4)
    assert (solver.step, solver.epoch) == (steps, epochs)
    assert len(solver.val_acc_history) == 1 + epochs
    assert solver.history["epoch"][-1] == steps / 4
    # With lessons' rules, too.
    lesson = make_solver(**({"num_epochs": 10} | options))
    lesson.train()
    assert lesson.step == (steps if "num_steps" in options else max(1, steps * 5 // 4))


def test_sizes_follow_the_progress_and_accuracies_use_the_last():
    model = PictureNet()
    make_steps(model, sizes=[(0, 3), (0.26, 4), (0.5, 3), (0.75, 4)]).train()
    trained = [size for size, train in model.sizes if train]
    assert trained == [3] * 4 + [4] * 2 + [3] * 3 + [4] * 3
    assert {size for size, train in model.sizes if not train} == {4}


def test_accuracies_use_plain_pictures():
    solver = make_steps(evaluate="end")
    solver.train()
    X, y = solver.X_val, solver.y_val
    scores = solver.model.loss(solver.augment.plain(X, np.arange(len(y))))
    expected = float((scores.argmax(axis=1) == y).mean())
    assert solver.val_acc_history == [expected] == [solver.check_accuracy(X, y)]


def test_frozen_weights_stay_from_then_on():
    model = PictureNet()
    seen = []

    class Watching(Momentum):
        def step(self, params, grads, progress):
            seen.append(params["W1"].copy())
            super().step(params, grads, progress)

    solver = make_steps(model, optimizer=Watching(), freeze=((0.5, "*1"),))
    solver.train()
    names = [names for _, names in solver.optimizer.seen]
    assert names == [["W1", "W2", "b1", "b2"]] * 6 + [["W2", "b2"]] * 6
    moved = [not np.array_equal(a, b) for a, b in zip(seen, seen[1:], strict=False)]
    assert moved == [True] * 6 + [False] * 5
    # Another training begins with all weights free.
    solver.train()
    assert len(solver.optimizer.seen[12][1]) == 4


def test_a_gradient_may_be_missing_only_if_it_is_frozen():
    class Forgets(PictureNet):
        def loss(self, X, y=None):
            result = super().loss(X, y)
            if y is not None:
                del result[1]["W2"]
            return result

    with pytest.raises(ValueError, match="gradient of W2 is missing"):
        make_steps(Forgets()).train()


def test_averages_get_weights_and_statistics_after_each_update():
    solver = make_steps(averaging=Pull())
    solver.train()
    assert solver.averaging.seen == [k / 12 for k in range(1, 13)]
    assert set(solver.averaging.slow) == {"W1", "b1", "W2", "b2", "seen"}


@pytest.mark.parametrize("evaluate", ["epoch", "never"])
def test_averages_beside_the_weights_are_what_is_measured_and_kept(evaluate):
    model = PictureNet()
    held = []

    class Watching(Momentum):
        def step(self, params, grads, progress):
            held.append(params["W1"].copy())
            super().step(params, grads, progress)

    averaging = Beside()
    options = {"averaging": averaging, "evaluate": evaluate, "num_epochs": 2}
    solver = make_steps(model, optimizer=Watching(), **options)
    measured = []
    real_loss = model.loss

    def loss(X, y=None):
        if y is None:
            measured.append(model.params["W1"].copy())
        return real_loss(X, y)

    model.loss = loss
    solver.train()
    # held[k] are the weights after k updates; an average takes half of each.
    averages = [held[0]]
    for w in held[1:]:
        averages.append(averages[-1] + np.float32(0.5) * (w - averages[-1]))
    if evaluate == "never":
        assert measured == [] and solver.best_params is None
        last = averaging.shadow["W1"]  # they were swapped at the end
        final = averages[-1] + np.float32(0.5) * (last - averages[-1])
        np.testing.assert_allclose(model.params["W1"], final, rtol=1e-5)
    else:
        after_epoch = [w for k, w in enumerate(measured) if k % 2]  # train, val
        np.testing.assert_array_equal(after_epoch[1], averages[4])
        assert not np.array_equal(averages[4], held[4])
        best = int(np.argmax(solver.val_acc_history))
        np.testing.assert_array_equal(model.params["W1"], after_epoch[best])


def test_another_training_goes_on_from_there():
    solver = make_steps(num_epochs=1.5)
    solver.train()
    solver.train()
    assert (solver.step, solver.epoch) == (12, 4)
    epochs = [epoch for _, epoch, _, _ in solver.augment.calls]
    assert epochs == [0] * 4 + [1] * 2 + [2] * 4 + [3] * 2
    progress = [progress for progress, _ in solver.optimizer.seen]
    assert progress == [k / 6 for k in range(6)] * 2


def test_equal_seeds_give_equal_weights():
    runs = []
    for seed in (1, 1, 2):
        solver = make_steps(seed=seed, averaging=Pull())
        solver.train()
        runs.append((weights(solver.model), solver.loss_history))
    assert runs[0] == runs[1] and runs[0][1] != runs[2][1]
    assert make_steps(seed=None)._order.seed != make_steps(seed=None)._order.seed


def test_a_model_names_its_layer():
    class Named(PictureNet):
        def loss(self, X, y=None):
            if y is not None and len(self.batches) == 5:
                self.asked = X
                return np.nan, dict.fromkeys(self.params, self.params["W1"]) | {
                    name: np.zeros_like(w) for name, w in self.params.items()
                }
            return super().loss(X, y)

        def first_non_finite(self, X=None):
            assert X is self.asked
            return "the output of conv3 (layer 7)"

    solver = make_steps(Named(), optimizer=Momentum(rate=0.24))
    solver.train()
    assert re.match(
        r"Stopped after iteration 5: the loss is nan and the output of conv3 \(layer "
        r"7\) is the first that is not finite \(the learning rate of \* is 0.14, "
        r"try a smaller one\); best weights restored",
        solver.stopped,
    )


def test_without_a_layer_the_gradient_is_named():
    class Bad(PictureNet):
        def loss(self, X, y=None):
            result = super().loss(X, y)
            if y is not None:
                result[1]["b1"][0] = np.inf
                return np.inf, result[1]
            return result

    solver = make_steps(Bad())
    solver.train()
    assert "loss is inf and the gradient of b1 is the first" in solver.stopped


def test_weights_are_looked_at_before_they_are_measured():
    class Bad(Momentum):
        def step(self, params, grads, progress):
            super().step(params, grads, progress)
            if len(self.seen) == 8:
                params["b2"][0] = np.nan

    solver = make_steps(optimizer=Bad())
    solver.train()
    assert "iteration 8: the value of b2 is the first" in solver.stopped
    assert all(np.isfinite(w).all() for w in solver.model.params.values())


def test_filters_are_told_to_the_optimizer():
    class Padded(PictureNet):
        def filters(self, name):
            return self.params[name].shape[-1] - 1

    solver = make_steps(Padded(), num_epochs=1)
    solver.train()
    assert solver.optimizer.filters == {"W1": 15, "b1": 15, "W2": 2, "b2": 2}


class Drawing:
    def __init__(self):
        self.steps = []

    def update(self, solver):
        self.steps.append(solver.step)


def test_a_live_plot_is_brought_up_to_date():
    plot = Drawing()
    make_steps(live_plot=plot).train()
    # At the first update, then not before a second has passed, and at the end.
    assert plot.steps == [1, 12]
    plot = Drawing()
    make_solver(Net(), live_plot=plot).train()
    assert plot.steps == [1, 15]


def test_what_a_plot_asks_for():
    solver = make_steps(sizes=((0, 3), (0.5, 4), (1.0, 3)), num_epochs=1)
    assert solver.phases() == [(0, 2, 3), (2, 4, 4)]
    assert solver.rate_curves(3) == {"*": ([0, 2, 4], [0.2, 0.1, 0.0])}
    solver.train()
    solver.train()
    assert solver.phases() == [(4, 6, 3), (6, 8, 4)] and solver.num_updates == 8
    assert solver.rate_curves(2)["*"][0] == [4, 8]
    lesson = make_solver(lr_decay=0.5, optim_config={"learning_rate": 0.1})
    assert lesson.phases() == [] and lesson.rate_curves() == {}
    lesson.train()
    rates = [0.1, 0.1, 0.05, 0.025]
    assert lesson.rate_curves() == {"learning_rate": ([0, 5, 10, 15], rates)}


def test_a_last_update_that_goes_wrong_is_noticed_without_an_evaluation():
    class Bad(Momentum):
        def step(self, params, grads, progress):
            super().step(params, grads, progress)
            if len(self.seen) == 12:
                params["W2"][0] = np.nan

    solver = make_steps(optimizer=Bad(), evaluate="never")
    solver.train()
    assert "iteration 12: the value of W2 is the first" in solver.stopped


def test_lessons_rules_take_augmented_batches_too():
    # 50 images make batches of 13 and 12: they do not share a memory.
    solver = make_steps(optimizer=None, batch_size=13)
    solver.train()
    sizes = [len(index) for index, *_ in solver.augment.calls]
    assert sizes == [13, 13, 12, 12] * 3 and solver.stopped is None
    assert [out is None for *_, out in solver.augment.calls[:4]] == [1, 0, 1, 0]


def test_rates_of_an_optimizer_are_not_set_from_outside():
    solver = make_steps()
    assert solver.learning_rate is None
    with pytest.raises(AttributeError, match="belong to the optimizer's groups"):
        solver.learning_rate = 0.1
