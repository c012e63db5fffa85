"""Stand-ins for what a solver works with: optimiser, pictures, averages, a model."""

from fnmatch import fnmatchcase

import numpy as np

from tests.solver.small_net import Net
from utils.solver import Solver


class Momentum:
    """SGD with momentum whose rate falls in a line to zero, as an optimiser."""

    def __init__(self, rate=0.2, momentum=0.5):
        self.rate, self.momentum, self.seen = rate, momentum, []

    def __repr__(self):
        return f"Momentum({self.rate}, {self.momentum})"

    def bind(self, params, filters=None):
        self.filters = filters
        self.velocity = {name: np.zeros_like(w) for name, w in params.items()}

    def step(self, params, grads, progress):
        self.seen.append((progress, sorted(grads)))
        for name, dw in grads.items():
            self.velocity[name] *= self.momentum
            self.velocity[name] -= self.rates(progress)["*"] * dw
            params[name] += self.velocity[name]

    def rates(self, progress):
        return {"*": self.rate * (1 - progress)}

    def state_dict(self):
        return {name: v.copy() for name, v in self.velocity.items()}

    def load_state_dict(self, state):
        for name, v in state.items():
            self.velocity[name][...] = v


class Pull:
    """Averages that pull the weights back every third update, as `Lookahead` does."""

    def __repr__(self):
        return "Pull()"

    def bind(self, arrays):
        self.count, self.seen = 0, []
        self.slow = {name: array.copy() for name, array in arrays.items()}

    def update(self, arrays, progress):
        self.count += 1
        self.seen.append(progress)
        if self.count % 3 == 0:
            for name, array in arrays.items():
                self.slow[name] += 0.5 * (array - self.slow[name])
                array[...] = self.slow[name]

    def state_dict(self):
        return {"count": np.array(self.count), **self.slow}

    def load_state_dict(self, state):
        self.count = int(state["count"])
        self.slow = {name: state[name].copy() for name in self.slow}


class Beside:
    """An average kept beside the weights, as `Ema` keeps it."""

    def bind(self, arrays):
        self.shadow = {name: array.copy() for name, array in arrays.items()}

    def update(self, arrays, progress):
        for name, array in arrays.items():
            self.shadow[name] += 0.5 * (array - self.shadow[name])

    def swap(self, arrays):
        for name, array in arrays.items():
            self.shadow[name], array[...] = array.copy(), self.shadow[name]

    def state_dict(self):
        return {name: array.copy() for name, array in self.shadow.items()}

    def load_state_dict(self, state):
        self.shadow = {name: array.copy() for name, array in state.items()}


class Views:
    """Noise from (seed, epoch, index) on uint8 pictures, cut to a size."""

    def __init__(self, seed=0):
        self.seed, self.calls = seed, []

    def __repr__(self):
        return f"Views({self.seed})"

    def batch(self, images, index, epoch, size=4, out=None):
        self.calls.append((list(index), epoch, size, out))
        X = self.plain(images, index, size, out)
        for x, i in zip(X, index, strict=True):
            x += np.random.default_rng([self.seed, epoch, i]).normal(0, 0.1, x.shape)
        return X

    def plain(self, images, index, size=4, out=None):
        X = np.empty((len(index), 1, size, size), np.float32) if out is None else out
        X[...] = images[index][:, :, :size, :size] / np.float32(64) - 2
        return X


class PictureNet(Net):
    """A net over the mean of each row of a picture, whatever its size."""

    def __init__(self, **options):
        super().__init__(D=3, **options)
        self.state = {"seen": np.zeros(1, np.float32)}
        self.frozen, self.sizes = set(), []

    def loss(self, X, y=None):
        assert X.dtype == np.float32
        self.sizes.append((X.shape[-1], y is not None))
        rows = X.mean(axis=(1, 3))[:, :3]
        if y is None:
            return super().loss(rows)
        self.state["seen"] += len(X)
        loss, grads = super().loss(rows, y)
        self.batches[-1] = (X.copy(), y)
        return loss, {k: dw for k, dw in grads.items() if k not in self.frozen}

    def freeze(self, pattern):
        self.frozen |= {name for name in self.params if fnmatchcase(name, pattern)}

    def unfreeze(self, pattern):
        self.frozen -= {name for name in self.params if fnmatchcase(name, pattern)}


def make_pictures(N=50, N_val=40, size=4):
    """Pictures of noise whose rows are brighter or darker by class."""
    rng = np.random.default_rng(5)
    y = rng.integers(0, 3, N + N_val)
    bright = rng.integers(60, 190, (3, size))
    noise = rng.integers(-40, 40, (N + N_val, 1, size, size))
    X = (bright[y][:, None, :, None] + noise).clip(0, 255).astype(np.uint8)
    return {"X_train": X[:N], "y_train": y[:N], "X_val": X[N:], "y_val": y[N:]}


def make_steps(model=None, data=None, **options):
    """Make a solver with an optimizer and pictures: 4 batches of 12 in an epoch."""
    fixed = {"optimizer": Momentum(), "augment": Views(), "batch_size": 12}
    options = {**fixed, "num_epochs": 3, "verbose": False, **options}
    return Solver(model or PictureNet(), data or make_pictures(), **options)
