import io
import re
import sys

import numpy as np
import pytest

from tests.solver.small_net import Breaks, Net, make_data, make_solver, spoil, weights
from utils.optim import UPDATE_RULES
from utils.solver.display import BAR


def test_two_iterations_by_hand():
    # One weight, loss = 3 * w in the first batch and 5 * w in the second whatever the
    # data: w = 10 - 0.1 * 3 = 9.7, then, with the rate halved, 9.7 - 0.05 * 5 = 9.45.
    class Line:
        params = {"w": np.array([10.0])}
        slopes = iter([3.0, 5.0])

        def loss(self, X, y=None):
            if y is None:  # the class is 1 as soon as w < 9.6
                return np.column_stack(
                    [0 * X[:, 0], 9.6 - self.params["w"] + 0 * X[:, 0]]
                )
            slope = next(self.slopes)
            return slope * self.params["w"][0], {"w": np.array([slope])}

    ones = {"X_train": np.ones((4, 1)), "y_train": np.ones(4, int)}
    data = ones | {"X_val": np.ones((2, 1)), "y_val": np.array([1, 0])}
    solver = make_solver(
        Line(),
        data,
        optim_config={"learning_rate": 0.1},
        lr_decay=0.5,
        batch_size=4,
        num_epochs=2,
    )
    solver.train()
    assert solver.loss_history == pytest.approx([30.0, 5 * 9.7])
    assert solver.train_acc_history == [0.0, 0.0, 1.0]
    assert solver.val_acc_history == [0.5, 0.5, 0.5]
    assert solver.learning_rate == pytest.approx(0.025)
    # The validation accuracy never improved, so the first weights are the best ones.
    assert (solver.best_val_acc, solver.best_params["w"][0]) == (0.5, 10.0)
    assert solver.model.params["w"][0] == 10.0


@pytest.mark.parametrize("rule", list(UPDATE_RULES))
def test_learns_with_every_rule(rule):
    solver = make_solver(update_rule=rule, num_epochs=15, lr_decay=0.95)
    solver.learning_rate = 0.1 if rule.startswith("sgd") else 0.01
    solver.train()
    assert solver.stopped is None
    assert solver.loss_history[-1] < 0.3 * solver.loss_history[0]
    assert solver.best_val_acc > 0.85
    assert solver.best_val_acc == max(solver.val_acc_history)


def test_overfits_twenty_images():
    data = make_data(N=20)
    data["y_train"] = np.random.default_rng(0).integers(0, 3, 20)  # nothing to learn
    options = {"update_rule": "adam", "optim_config": {"learning_rate": 0.02}}
    model = Net(hidden=100)
    solver = make_solver(model, data, num_epochs=300, **options)
    solver.train()
    assert solver.loss_history[-1] < 0.01
    assert solver.train_acc_history[-1] == 1.0


@pytest.mark.parametrize("N, batch_size", [(90, 20), (100, 20), (7, 3), (5, 5), (3, 1)])
def test_every_image_is_seen_once_per_epoch(N, batch_size):
    model, data = Net(), make_data(N=N)
    make_solver(model, data, batch_size=batch_size, num_epochs=2).train()
    sizes = [len(y) for _, y in model.batches]
    per_epoch = len(sizes) // 2
    assert per_epoch == -(-N // batch_size)
    assert max(sizes) <= batch_size and max(sizes) - min(sizes) <= 1
    orders = []
    for epoch in (model.batches[:per_epoch], model.batches[per_epoch:]):
        X = np.concatenate([X for X, _ in epoch])
        y = np.concatenate([y for _, y in epoch])
        rows = [int(np.flatnonzero((data["X_train"] == x).all(axis=1))[0]) for x in X]
        assert sorted(rows) == list(range(N))
        np.testing.assert_array_equal(y, data["y_train"][rows])
        orders.append(rows)
    assert N < 5 or orders[0] != orders[1]


def test_histories_have_one_entry_per_iteration_and_epoch():
    solver = make_solver(num_epochs=4)
    assert solver.best_params is None
    solver.train()
    assert len(solver.loss_history) == 4 * 5  # 90 images, at most 20 per batch
    assert all(type(loss) is float for loss in solver.loss_history)
    assert len(solver.train_acc_history) == len(solver.val_acc_history) == 1 + 4
    assert len(solver.epoch_seconds) == solver.epoch == 4
    assert min(solver.epoch_seconds) > 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("data_dtype", [np.float32, np.float64, np.uint8])
def test_the_dtype_of_the_weights_is_kept(dtype, data_dtype):
    data = make_data()
    for name in ("X_train", "X_val"):
        data[name] = (10 * data[name] + 100).clip(0, 255).astype(data_dtype)
    model = Net(dtype=dtype)
    options = {
        "update_rule": "adam",
        "optim_config": {"learning_rate": np.float64(0.01)},
    }
    solver = make_solver(model, data, lr_decay=np.float64(0.9), **options)
    solver.train()
    for params in (model.params, solver.best_params):
        assert {w.dtype for w in params.values()} == {np.dtype(dtype)}
    assert {X.dtype for X, _ in model.batches} == {np.dtype(dtype)}


def test_equal_seeds_give_equal_weights():
    results = []
    for seed in (1, 1, 2):
        model = Net(use_bn=True)
        solver = make_solver(model, update_rule="adam", seed=seed)
        np.random.seed(len(results))  # noqa: NPY002  the global generator has no say
        solver.train()
        results.append((weights(model), solver.loss_history))
    assert results[0] == results[1]
    assert results[0][1] != results[2][1]


def test_learning_rate_zero_leaves_the_weights_bit_identical():
    model = Net()
    before = weights(model)
    make_solver(model, optim_config={"learning_rate": 0}).train()
    assert weights(model) == before


def test_data_and_options_are_left_alone():
    data, config = make_data(), {"learning_rate": 0.05}
    before = {name: array.copy() for name, array in data.items()}
    make_solver(data=data, optim_config=config, update_rule="adam").train()
    assert config == {"learning_rate": 0.05}
    for name, array in before.items():
        np.testing.assert_array_equal(data[name], array)


class Lazy:
    """An array-like that computes batches only when indexed, as `Images` does."""

    def __init__(self, array):
        self.array, self.shape = array, array.shape

    def __len__(self):
        return len(self.array)

    def __getitem__(self, index):
        assert isinstance(index, np.ndarray) and index.dtype.kind == "i"
        return self.array[index]


def test_array_likes_are_read_batch_by_batch():
    plain, lazy = Net(), Net()
    data = make_data()
    make_solver(plain, data).train()
    wrapped = {k: Lazy(v) if k.startswith("X") else v for k, v in data.items()}
    make_solver(lazy, wrapped).train()
    assert weights(plain) == weights(lazy)


@pytest.mark.parametrize("bn_as", [list, dict])
def test_running_statistics_are_restored_with_the_best_weights(bn_as):
    data = make_data(noise=2.5)
    model = Net(use_bn=True, bn_as=bn_as)
    # A step far too large: the accuracy jumps about, the last epoch is not the best.
    options = {"optim_config": {"learning_rate": 3.0}, "num_epochs": 6}
    solver = make_solver(model, data, **options)
    statistics = []
    evaluate = solver._evaluate

    def evaluate_and_remember():
        evaluate()
        statistics.append({k: v.copy() for k, v in model.bn_param.items()})

    solver._evaluate = evaluate_and_remember
    solver.train()
    best = int(np.argmax(solver.val_acc_history))
    assert 0 < best < 6, "choose another learning rate: the test must be able to fail"
    accuracy = solver.check_accuracy(data["X_val"], data["y_val"])
    assert accuracy == solver.best_val_acc == solver.val_acc_history[best]
    for key, array in statistics[best].items():
        np.testing.assert_array_equal(model.bn_param[key], array)
        assert not np.array_equal(array, statistics[-1][key])
    # Training on cannot spoil them, even if it makes everything worse.
    solver.learning_rate = 1e4
    solver.train()
    assert solver.best_val_acc == accuracy
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == accuracy


def test_best_params_are_a_copy():
    model = Net()
    solver = make_solver(model)
    solver.train()
    kept = {name: w.copy() for name, w in solver.best_params.items()}
    model.params["W1"] += 1
    np.testing.assert_array_equal(solver.best_params["W1"], kept["W1"])


def test_check_accuracy_counts_by_hand():
    class Fixed(Net):
        def loss(self, X, y=None):
            assert y is None and X.dtype == np.float32 and len(X) <= 3
            return np.eye(3)[X[:, 0].astype(int)]

    solver = make_solver(Fixed())
    X, y = np.array([[0], [1], [2], [0], [1]]), np.array([0, 1, 0, 2, 1])
    assert solver.check_accuracy(X, y, batch_size=3) == 3 / 5
    # 2 of the 5, always the same ones
    some = {solver.check_accuracy(X, y, num_samples=2, batch_size=3) for _ in range(5)}
    assert len(some) == 1 and some <= {0, 0.5, 1}
    assert solver.check_accuracy(X, y, num_samples=99, batch_size=3) == 3 / 5


def test_check_accuracy_does_not_disturb_training():
    plain, disturbed = Net(), Net()
    make_solver(plain).train()
    solver, data = make_solver(disturbed), make_data()
    real_step = solver._step

    def step():
        solver.check_accuracy(data["X_val"], data["y_val"], num_samples=5)
        return real_step()

    solver._step = step
    solver.train()
    assert weights(plain) == weights(disturbed)


def test_sample_counts_bound_what_is_evaluated():
    class Counting(Net):
        scored = 0

        def loss(self, X, y=None):
            self.scored += len(X) if y is None else 0
            return super().loss(X, y)

    for options, expected in [
        ({"num_train_samples": 10, "num_val_samples": 5}, 15),
        ({"num_train_samples": None}, 90 + 40),
        ({}, 90 + 40),  # the default of 1000 is more than there are
    ]:
        model = Counting()
        make_solver(model, num_epochs=1, **options).train()
        assert model.scored == 2 * expected


BAR_AT_ONCE = BAR | {"delay": 0, "mininterval": 0, "miniters": 1}
EPOCH = r"epoch {}/3   loss {}   train acc \d\.\d{{3}}   val acc \d\.\d{{3}}"
SPEED = r" {4,}\d+\.\d s {3,}\d+ images/s"


def test_prints_one_line_per_epoch_and_no_bar_into_a_log(capsys, monkeypatch):
    monkeypatch.setattr("utils.solver.display.BAR", BAR_AT_ONCE)
    make_solver(verbose=True).train()
    lines = capsys.readouterr().out.split("\n")
    assert re.fullmatch(EPOCH.format(0, "      -"), lines[0])
    for epoch in (1, 2, 3):
        assert re.fullmatch(EPOCH.format(epoch, r" \d\.\d{4}") + SPEED, lines[epoch])
    assert lines[4:] == [""]


@pytest.mark.parametrize("at", [0, 4])
def test_verbose_false_is_silent(capfd, at):
    make_solver(Breaks(at, spoil("W1"))).train()
    assert capfd.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self):
        return True

    def screen(self):
        """What a person sees: a carriage return starts the line anew."""
        seen = []
        for line in self.getvalue().split("\n"):
            shown = []
            for part in line.split("\r"):
                shown[: len(part)] = part
            seen.append("".join(shown).rstrip())
        return seen


@pytest.mark.parametrize("progress", [True, False])
def test_the_bar_leaves_nothing_behind(monkeypatch, progress):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr("utils.solver.display.BAR", BAR_AT_ONCE)
    solver = make_solver(verbose=True, print_every=4, progress=progress)
    solver.train()
    text = terminal.getvalue()
    assert bool(re.search(r"\repoch 3/3: .*%\|#+", text)) == progress
    shown = set(re.findall(r"images/s, loss (\d\.\d{4})\]", text))
    every_fourth = {f"{loss:.4f}" for loss in solver.loss_history[3::4]}
    assert shown == (every_fourth if progress else set())
    assert text.isascii()
    screen = terminal.screen()
    assert len(screen) == 5
    assert all(re.match(r"epoch \d/3   loss .*val acc", line) for line in screen[:4])
    assert "|" not in "".join(screen)
