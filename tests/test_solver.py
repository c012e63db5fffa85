import io
import re
import sys

import numpy as np
import pytest

from utils.optim import UPDATE_RULES
from utils.solver import BAR, Solver


class Net:
    """affine, optional batch normalisation of the hidden layer, relu, affine, softmax.

    Written here on its own, so that nothing but the solver is under test.  It records
    every training batch it is given.
    """

    def __init__(self, D=6, hidden=16, C=3, dtype=np.float32, use_bn=False, bn_as=list):
        rng = np.random.default_rng(7)
        self.params = {
            "W1": (0.3 * rng.standard_normal((D, hidden))).astype(dtype),
            "b1": np.zeros(hidden, dtype),
            "W2": (0.3 * rng.standard_normal((hidden, C))).astype(dtype),
            "b2": np.zeros(C, dtype),
        }
        bn_param = {"mean": np.zeros(hidden, dtype), "var": np.ones(hidden, dtype)}
        self.bn_params = {list: [bn_param], dict: {"bn1": bn_param}}[bn_as]
        self.bn_param = bn_param if use_bn else None
        self.batches = []

    def loss(self, X, y=None):
        p = self.params
        hidden = X.reshape(len(X), -1) @ p["W1"] + p["b1"]
        std = 1
        if self.bn_param is not None:
            hidden, std = self.normalise(hidden, train=y is not None)
        scores = np.maximum(hidden, 0) @ p["W2"] + p["b2"]
        if y is None:
            return scores
        self.batches.append((X, y))
        N = len(X)
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        dscores = e / e.sum(axis=1, keepdims=True)
        loss = -np.log(dscores[np.arange(N), y]).mean()
        dscores[np.arange(N), y] -= 1
        dscores /= N
        dhidden = (dscores @ p["W2"].T) * (hidden > 0)
        if self.bn_param is not None:
            along = (dhidden * hidden).mean(axis=0)
            dhidden = (dhidden - dhidden.mean(axis=0) - hidden * along) / std
        return loss, {  # not in the order of the params
            "b2": dscores.sum(axis=0),
            "W2": np.maximum(hidden, 0).T @ dscores,
            "b1": dhidden.sum(axis=0),
            "W1": X.reshape(N, -1).T @ dhidden,
        }

    def normalise(self, hidden, train):
        bn = self.bn_param
        if not train:
            std = np.sqrt(bn["var"] + 1e-5)
            return (hidden - bn["mean"]) / std, std
        mean, std = hidden.mean(axis=0), np.sqrt(hidden.var(axis=0) + 1e-5)
        for key, batch in (("mean", mean), ("var", hidden.var(axis=0))):
            bn[key] += 0.5 * (batch - bn[key])  # in place: only a deep copy is safe
        return (hidden - mean) / std, std


def make_data(N=90, N_val=40, D=6, C=3, dtype=np.float32, noise=1.0):
    """Noisy clouds around C points."""
    rng = np.random.default_rng(3)
    centres = 2 * rng.standard_normal((C, D))
    y = rng.integers(0, C, N + N_val)
    X = (centres[y] + noise * rng.standard_normal((N + N_val, D))).astype(dtype)
    return {
        "X_train": X[:N],
        "y_train": y[:N],
        "X_val": X[N:],
        "y_val": y[N:],
    }


def make_solver(model=None, data=None, **options):
    options = {"batch_size": 20, "num_epochs": 3, "verbose": False} | options
    return Solver(model or Net(), data or make_data(), **options)


def weights(model):
    return {name: w.tobytes() for name, w in model.params.items()}


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


class Breaks(Net):
    """A net that does something bad in one training iteration, counted from 1."""

    def __init__(self, at, what, **options):
        super().__init__(**options)
        self.at, self.what = at, what

    def loss(self, X, y=None):
        result = super().loss(X, y)
        return (
            self.what(*result)
            if len(self.batches) == self.at and y is not None
            else result
        )


def spoil(*names, loss=None, value=np.nan):
    """Give a function that puts one bad value into the named gradients."""

    def change(real_loss, grads):
        for name in names:
            grads[name].flat[-1] = value
        return real_loss if loss is None else loss, grads

    return change


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
    assert capsys.readouterr().out.splitlines()[-1] == solver.stopped
    assert (len(solver.loss_history), len(solver.val_acc_history)) == (7, 2)
    assert solver.check_accuracy(data["X_val"], data["y_val"]) == solver.best_val_acc


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
    epochs = 1 if first == "interrupted" else 2
    assert solver.epoch == epochs and bool(solver.stopped) == (epochs == 1)
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
    solver = make_solver(time_limit=9.5, num_epochs=100)
    solver.train()
    # looks: 0 start, 1 start of epoch, 2-6 iterations 1-5, 7 end of epoch, 8 limit?
    # 9 start of epoch, 10 iteration 6, which is over the limit of 9.5
    assert "iteration 6: time_limit of 9.5 s is over; best" in solver.stopped
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

    def step(index, configs):
        solver.check_accuracy(data["X_val"], data["y_val"], num_samples=5)
        return real_step(index, configs)

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
    monkeypatch.setattr("utils.solver.BAR", BAR_AT_ONCE)
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
    monkeypatch.setattr("utils.solver.BAR", BAR_AT_ONCE)
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


@pytest.mark.parametrize(
    "options, message",
    [
        ({"update_rule": "Adam"}, "'Adam', expected one of sgd, .*, rmsprop, adam"),
        ({"update_rule": None}, "update_rule is None, expected one of sgd"),
        ({"optim_config": {"lr_decay": 0.9}}, "unknown key 'lr_decay'.*Solver"),
        ({"optim_config": {"learning_rate": -1}}, r"\['learning_rate'\] is -1"),
        ({"optim_config": 1e-3}, "config is 0.001, expected a dictionary"),
        ({"lr_decay": 0}, "lr_decay is 0, expected a finite number > 0"),
        ({"lr_decay": float("nan")}, "lr_decay is nan"),
        ({"batch_size": 91}, "batch_size is 91, expected at most 90, .* in X_train"),
        ({"batch_size": 0}, "batch_size is 0, expected an int >= 1"),
        ({"batch_size": 50.0}, r"batch_size is 50\.0, expected an int"),
        ({"num_epochs": 0}, "num_epochs is 0, expected an int >= 1"),
        ({"num_epochs": None}, "num_epochs is None"),
        ({"num_train_samples": 0}, "num_train_samples is 0, .* or None"),
        ({"num_val_samples": "all"}, "num_val_samples is 'all', .* or None"),
        ({"print_every": 0}, "print_every is 0"),
        ({"seed": -1}, "seed is -1, expected an int >= 0 or None"),
        ({"time_limit": -5}, "time_limit is -5, expected a finite number > 0 or None"),
        ({"time_limit": True}, "time_limit is True"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make_solver(**options)


def test_unknown_options_are_refused_by_name():
    with pytest.raises(TypeError, match="'learning_rate'"):
        make_solver(learning_rate=1e-3)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"X_val": None}, "X_val is None, expected an array of images"),
        ({"X_train": [[1.0, 2.0]]}, "X_train is a list, expected an array"),
        ({"X_val": np.ones((0, 6)), "y_val": []}, r"X_val is .*\(0, 6\)"),
        ({"y_train": np.zeros(89, int)}, r"y_train .* \(89,\).* 90 integers, one per"),
        ({"y_val": np.zeros(40)}, "y_val .* dtype float64, expected 40 integers"),
        ({"y_val": np.zeros((40, 1), int)}, r"y_val .* \(40, 1\)"),
    ],
)
def test_data_that_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        make_solver(data=make_data() | change)


def test_missing_data_is_named():
    data = make_data()
    del data["y_val"]
    with pytest.raises(
        ValueError, match="data has no y_val, only X_train, .*X_val; ex"
    ):
        make_solver(data=data)


@pytest.mark.parametrize(
    "params, message",
    [
        (None, "model.params is None, expected a dictionary"),
        ({}, "model.params is a dict"),
        ({"W1": np.ones(3, int)}, r"\['W1'\] is an array .* int64, expected a float32"),
        ({"W1": [1.0]}, r"\['W1'\] is a list"),
    ],
)
def test_models_without_weights_are_refused(params, message):
    model = Net()
    model.params = params
    with pytest.raises(ValueError, match=message):
        make_solver(model)


def without(name):
    return lambda loss, grads: (loss, {k: v for k, v in grads.items() if k != name})


@pytest.mark.parametrize(
    "what, message",
    [
        (without("W2"), r"gradient of W2 is missing, expected \(16, 3\)"),
        (
            lambda loss, grads: (loss, grads | {"W3": grads["W2"]}),
            r"gradient of W3 has shape \(16, 3\), .*model.params has W1, b1, W2, b2",
        ),
        (
            lambda loss, grads: (loss, grads | {"b1": grads["b1"][None]}),
            r"gradient of b1 has shape \(1, 16\), expected \(16,\)",
        ),
        (lambda loss, grads: (loss, grads | {"b1": None}), "b1 has shape None"),
        (lambda loss, grads: loss, "gave an array of shape .*, expected a number and"),
        (lambda loss, grads: (loss, None), "gave an array .*, None, expected a number"),
        (lambda loss, grads: (None, grads), "gave None, a dict, expected"),
        (lambda loss, grads: (loss, grads, 1), "gave a tuple, expected"),
        (lambda loss, grads: None, "gave None, expected"),
    ],
)
def test_gradients_that_do_not_match_are_refused_before_any_update(what, message):
    model = Breaks(1, what)
    before = weights(model)
    with pytest.raises(ValueError, match=message):
        make_solver(model).train()
    assert weights(model) == before


@pytest.mark.parametrize(
    "scores, message",
    [
        (None, "gave None for 90 images, expected scores"),
        ((1.0, {}), "gave a tuple"),
        (np.ones(90), r"shape \(90,\)"),
        (np.ones((3, 90)), r"shape \(3, 90\)"),
    ],
)
def test_scores_that_do_not_match_are_refused(scores, message):
    model = Net()
    model.loss = lambda X, y=None: scores
    with pytest.raises(ValueError, match=message):
        make_solver(model).train()


def test_errors_of_the_model_reach_the_student():
    class Unsolved(Net):
        def loss(self, X, y=None):
            raise NotImplementedError("loss is not written yet")

    with pytest.raises(NotImplementedError, match="not written yet"):
        make_solver(Unsolved()).train()
