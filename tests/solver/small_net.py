"""A tiny model and data for the tests of the solver."""

import numpy as np

from utils.solver import Solver


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
