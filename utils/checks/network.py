"""The three-layer network: right scores, loss and gradients, and test inputs.

    conv - [batchnorm] - relu - 2x2 max pool - affine - [batchnorm] - relu - affine

Parameters are set by the checks, not drawn by the student's constructor, so that the
right answer is known and no ReLU or maximum lies near its kink: there finite
differences would be wrong, not the gradient.
"""

import functools
from dataclasses import dataclass
from functools import partial

import numpy as np

from utils.checks import oracle
from utils.gradient_check import numerical_gradient

EPS = 1e-5
WEIGHTS = ("W1", "W2", "W3")
ORDER = (
    "conv",
    "bn1",
    "relu1",
    "pool",
    "flatten",
    "affine2",
    "bn2",
    "relu2",
    "affine3",
)


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

    @property
    def traits(self):
        """What a mistake may depend on, the most telling first."""
        C, H, W = self.input_dim
        return {
            "batchnorm": self.use_batchnorm,
            "filters other than 7 x 7": self.filter_size != 7,
            "images whose height and width differ": H != W,
            "an odd height or width": bool(H % 2 or W % 2),
            "several images": self.N > 1,
            "several channels": C > 1,
        }

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
    NetCase("odd height and width", (2, 5, 7), 3),
)
SINGLE = NetCase("a single image", (2, 4, 4), 3, N=1)
# The seeds of these two keep every unit at least 0.02 away from its kink.
TINY = {"num_filters": 2, "hidden_dim": 4, "num_classes": 3, "N": 5}
SMALL = NetCase("", (1, 4, 6), 3, **TINY, seed=599)
BATCHNORM = NetCase("batchnorm", (1, 4, 6), 3, **TINY, use_batchnorm=True, seed=510)
# As many filters as hidden units: an exchange of the two batchnorms is no error.
EQUAL = NetCase(
    "batchnorm in test mode",
    (1, 4, 6),
    3,
    num_filters=4,
    hidden_dim=4,
    use_batchnorm=True,
    N=4,
)
MANY = NetCase("", (3, 8, 8), 5, num_filters=16, hidden_dim=100, num_classes=20)


def scores(params, X, statistics=None, order=ORDER, passed_on=None):
    """Return the scores (N, num_classes), and batchnorm's statistics of this batch.

    Parameters
    ----------
    params : dict
        As in the student's network.
    X : ndarray of shape (N, C, H, W)
        Images.
    statistics : list of two (mean, var), optional
        Running averages for test mode; where there is None, the batch's own are used.
    order : sequence of str, optional
        The steps, for known mistakes: some left out, exchanged or repeated.
    passed_on : dict, optional
        For mistakes in the backward pass: steps whose derivative is forgotten, so that
        a gradient is passed on as it comes.  Such a step adds to its input what it
        added in the first call, when the dict held None for it.

    Returns
    -------
    scores : ndarray of shape (N, num_classes)
    used : list of (mean, var)
        Empty without batchnorm.
    """
    used, passed_on = [], {} if passed_on is None else passed_on
    steps = _steps(params, statistics or [None, None], used)
    h = X
    for name in order:
        new = steps[name](h)
        if name in passed_on:
            if passed_on[name] is None:
                passed_on[name] = new - h
            new = h + passed_on[name]
        h = new
    return h, used


def _steps(params, statistics, used):
    """Return what each step does to its input, by name."""

    def norm(k, axes, shape, h):
        if f"gamma{k}" not in params:
            return h
        mean, var = h.mean(axis=axes), h.var(axis=axes)
        used.append((mean, var))
        if statistics[k - 1] is not None:
            mean, var = statistics[k - 1]
        gamma, beta, mean, var = (
            np.reshape(value, shape)
            for value in (params[f"gamma{k}"], params[f"beta{k}"], mean, var)
        )
        return oracle.normalise(h, gamma, beta, EPS, axes, mean, var)

    def relu(h):
        return np.maximum(h, 0)

    pad = (params["W1"].shape[2] - 1) // 2
    return {
        "conv": lambda h: oracle.conv_forward(h, params["W1"], params["b1"], 1, pad),
        "bn1": partial(norm, 1, (0, 2, 3), (-1, 1, 1)),
        "relu1": relu,
        "pool": lambda h: oracle.max_pool_forward(h, 2, 2, 2),
        "mean pool": lambda h: oracle.windows(h, 2, 2, 2).mean(axis=(4, 5)),
        "flatten": lambda h: h.reshape(len(h), -1),
        "channels last": lambda h: h.transpose(0, 2, 3, 1),
        "columns first": lambda h: h.transpose(0, 1, 3, 2),
        "affine2": lambda h: h @ params["W2"] + params["b2"],
        "bn2": partial(norm, 2, 0, (1, -1)),
        "relu2": relu,
        "sigmoid": lambda h: 1 / (1 + np.exp(-h)),
        "tanh": np.tanh,
        "leaky relu": lambda h: np.maximum(h, 0.01 * h),
        "affine3": lambda h: h @ params["W3"] + params["b3"],
        "softmax": softmax,
    }


def running_statistics(params, X):
    """Return statistics for test mode that resemble this batch's, but are not them."""
    return [(1.2 * mean + 0.1, 1.5 * var) for mean, var in scores(params, X)[1]]


def softmax(values):
    """Return probabilities (N, num_classes)."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def data_loss(values, y):
    """Return the average cross-entropy of scores, however large they are."""
    shifted = values - values.max(axis=1, keepdims=True)
    right = shifted[np.arange(len(y)), y]
    return (np.log(np.exp(shifted).sum(axis=1)) - right).mean()


def penalty(params, reg):
    """Return 0.5 * reg * sum(W ** 2) over the weights."""
    return 0.5 * reg * sum(float((params[name] ** 2).sum()) for name in WEIGHTS)


@functools.cache
def data_gradient(case, name, forgotten=()):
    """Return the gradient of the data loss by central differences, of one parameter.

    Parameters
    ----------
    case : NetCase
        Its parameters, images and labels.
    name : str
        Of the parameter.
    forgotten : tuple of str
        Steps that a wrong backward pass leaves out.

    Returns
    -------
    ndarray
        Read-only, since it is kept.
    """
    params, X, y = case.inputs()
    passed_on = dict.fromkeys(forgotten)

    def loss(value):
        return data_loss(scores(params | {name: value}, X, passed_on=passed_on)[0], y)

    loss(params[name])  # what is passed on is found out at the right place
    gradient = numerical_gradient(loss, params[name])
    gradient.setflags(write=False)
    return gradient
