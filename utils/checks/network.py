"""The three-layer network: right scores and loss, known mistakes, and test inputs.

    conv - [batchnorm] - relu - 2x2 max pool - affine - [batchnorm] - relu - affine

Parameters are set by the checks, not drawn by the student's constructor, so that the
right answer is known and no ReLU or maximum lies near its kink: there finite
differences would be wrong, not the gradient.
"""

from dataclasses import dataclass

import numpy as np

from utils.checks import oracle

EPS = 1e-5


@dataclass(frozen=True)
class NetCase:
    """One size of network; ``input_dim`` is (C, H, W) and ``N`` the batch."""

    name: str
    input_dim: tuple
    filter_size: int = 3
    num_filters: int = 3
    hidden_dim: int = 5
    num_classes: int = 4
    use_batchnorm: bool = False
    N: int = 3
    seed: int = 0

    def arguments(self, **more):
        """Return the constructor's arguments."""
        names = ("input_dim", "filter_size", "num_filters", "hidden_dim")
        given = {name: getattr(self, name) for name in names}
        given |= {"num_classes": self.num_classes, "dtype": np.float64}
        return given | {"use_batchnorm": self.use_batchnorm, "seed": 0} | more

    def shapes(self):
        """Return the shape of every parameter by name."""
        C, H, W = self.input_dim
        F, k, hidden = self.num_filters, self.filter_size, self.hidden_dim
        shapes = {
            "W1": (F, C, k, k),
            "b1": (F,),
            "W2": (F * (H // 2) * (W // 2), hidden),
            "b2": (hidden,),
            "W3": (hidden, self.num_classes),
            "b3": (self.num_classes,),
        }
        if self.use_batchnorm:
            shapes |= {name: (F,) for name in ("gamma1", "beta1")}
            shapes |= {name: (hidden,) for name in ("gamma2", "beta2")}
        return shapes

    def inputs(self):
        """Return parameters that reach every unit, images and labels."""
        rng = np.random.default_rng(self.seed)
        params = {}
        for name, shape in self.shapes().items():
            spread = 1 / np.sqrt(np.prod(shape[1:]) if name == "W1" else shape[0])
            scale = spread if name.startswith("W") else 0.3
            params[name] = scale * rng.standard_normal(shape)
        for name in ("gamma1", "gamma2"):
            if name in params:
                params[name] += 1.5
        X = rng.standard_normal((self.N, *self.input_dim))
        y = rng.integers(0, self.num_classes, size=self.N)
        return params, X, y


CASES = (
    NetCase("filters 3 x 3", (2, 4, 4), 3),
    NetCase("filters 5 x 5", (1, 6, 6), 5),
    NetCase("filters 7 x 7", (3, 8, 8), 7),
    NetCase("images wider than high", (2, 4, 8), 3),
    NetCase("images higher than wide", (2, 6, 2), 3),
)
# The seeds of these two keep every unit at least 0.02 away from its kink.
TINY = {"num_filters": 2, "hidden_dim": 4, "num_classes": 3, "N": 5}
SMALL = NetCase("", (1, 4, 6), 3, **TINY, seed=599)
BATCHNORM = NetCase("batchnorm", (1, 4, 6), 3, **TINY, use_batchnorm=True, seed=510)
MANY = NetCase("", (3, 8, 8), 5, num_filters=16, hidden_dim=100, num_classes=20)


def scores(params, X, statistics=None, skip=()):
    """Return the scores (N, num_classes), and batchnorm's statistics of this batch.

    Parameters
    ----------
    params : dict
        As in the student's network.
    X : ndarray of shape (N, C, H, W)
        Images.
    statistics : list of two (mean, var), optional
        Running averages for test mode; by default the batch's own are used.
    skip : collection of str
        Steps to leave out, for known mistakes: ``relu1``, ``pool``, ``bn2``, ...

    Returns
    -------
    scores : ndarray of shape (N, num_classes)
    used : list of (mean, var)
        Empty without batchnorm.
    """
    used = []

    def norm(h, k, axes, shape):
        if f"gamma{k}" not in params or f"bn{k}" in skip:
            return h
        mean, var = h.mean(axis=axes), h.var(axis=axes)
        used.append((mean, var))
        if statistics is not None:
            mean, var = statistics[k - 1]
        gamma, beta, mean, var = (
            np.reshape(value, shape)
            for value in (params[f"gamma{k}"], params[f"beta{k}"], mean, var)
        )
        return oracle.normalise(h, gamma, beta, EPS, axes, mean, var)

    def relu(h, k):
        return h if f"relu{k}" in skip else np.maximum(h, 0)

    pad = (params["W1"].shape[2] - 1) // 2
    h = oracle.conv_forward(X, params["W1"], params["b1"], 1, pad)
    h = relu(norm(h, 1, (0, 2, 3), (-1, 1, 1)), 1)
    h = oracle.max_pool_forward(h, 2, 2, 2).reshape(len(X), -1)
    h = relu(norm(h @ params["W2"] + params["b2"], 2, 0, (1, -1)), 2)
    return h @ params["W3"] + params["b3"], used


def running_statistics(params, X):
    """Return statistics for test mode that resemble this batch's, but are not them."""
    return [(1.2 * mean + 0.1, 1.5 * var) for mean, var in scores(params, X)[1]]


def softmax(values):
    """Return probabilities (N, num_classes)."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def data_loss(values, y):
    """Return the average cross-entropy of scores."""
    return -np.log(softmax(values)[np.arange(len(y)), y]).mean()


def penalty(params, reg, names=("W1", "W2", "W3")):
    """Return 0.5 * reg * sum(W ** 2) over the named parameters."""
    return 0.5 * reg * sum(float((params[name] ** 2).sum()) for name in names)


def wrong_scores(params, X, statistics=None):
    """List what common mistakes give for the scores."""

    def without(*skip):
        return lambda: scores(params, X, statistics, skip)[0]

    def no_bias(name):
        changed = params | {name: 0 * params[name]}
        return lambda: scores(changed, X, statistics)[0]

    mistakes = [
        ("the relu after the convolution is missing", without("relu1")),
        ("the relu after the first affine layer is missing", without("relu2")),
        ("both relus are missing", without("relu1", "relu2")),
        ("these are probabilities, expected scores", lambda: softmax(without()())),
        ("there is a relu after the last layer", lambda: np.maximum(without()(), 0)),
        *((f"{name} is not used", no_bias(name)) for name in ("b1", "b2", "b3")),
    ]
    if "gamma1" in params:
        mistakes += [
            ("batchnorm after the convolution is missing", without("bn1")),
            ("batchnorm after the first affine layer is missing", without("bn2")),
            ("both batchnorms are missing", without("bn1", "bn2")),
        ]
    if statistics is not None:
        mistakes.append(
            (
                "batchnorm uses the statistics of this batch, expected the running "
                "ones: its mode has to be 'test' when y is None",
                lambda: scores(params, X)[0],
            )
        )
    return mistakes
