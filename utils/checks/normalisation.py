"""Batch and group normalisation of images: right answers and known mistakes.

Every channel of the inputs has a mean and a scale of its own, and images are not
square: if the channel axis gets mixed up with the others on the way to a matrix, the
numbers come out wrong instead of merely shuffled.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from utils.checks import norm_mistakes, oracle
from utils.checks.layer import Layer
from utils.checks.norm_mistakes import PIXELS, per_channel

RUNNING_MEAN = np.array([2.0, -7.0, 14.0])
RUNNING_VAR = np.array([0.3, 5.0, 40.0])


@dataclass(frozen=True)
class NormCase:
    """Shape ``x`` (N, C, H, W), eps (None for the default), size of x, groups."""

    name: str
    x: tuple
    eps: float | None = None
    scale: float = 1.0
    G: int = 1
    fresh: bool = False  # no running averages yet

    @property
    def traits(self):
        """Tell what distinguishes this case from others, in a student's words."""
        N, C, H, W = self.x
        return {
            "several images": N > 1,
            "several channels": C > 1,
            "several groups": self.G > 1,
            "several channels in a group": C > self.G > 1,
            "an image that is not square": H != W,
            "eps above 1e-5": self.eps is not None and self.eps > 1e-5,
            "an eps of 0": self.eps == 0,
            "eps left to its default": self.eps is None,
            "few samples per channel": N * H * W < 6,
        }


def images(case, seed=6):
    """Return images whose channels have means 3, -8, 15, ... and scales 0.5, 2, ..."""
    rng = np.random.default_rng(seed)
    C = case.x[1]
    mean = np.resize([3.0, -8.0, 15.0, 1.0, -4.0, 30.0], C)[:, None, None]
    scale = np.resize([0.5, 2.0, 6.0, 1.0, 3.0, 4.0], C)[:, None, None]
    return case.scale * (mean + scale * rng.standard_normal(case.x))


class Normalisation(Layer):
    """What batch and group normalisation have in common."""

    gradients = ("dx", "dgamma", "dbeta")
    linear = False
    step = 1e-3

    def dout(self, case, arguments):
        """Return an incoming gradient of real numbers: nothing is exact here anyway."""
        return np.random.default_rng(1).standard_normal(arguments["x"].shape)

    def common_arguments(self, case):
        """Return x, gamma and beta; no gamma is 1 and no beta is 0."""
        C = case.x[1]
        gamma = np.resize([2.0, -1.5, 0.7, 3.0, 1.3, -0.4], C)
        beta = np.resize([5.0, 7.0, -6.0, 0.5, -2.0, 11.0], C)
        return {"x": images(case), "gamma": gamma, "beta": beta}

    def right_gradients(self, dout, x, gamma, eps, axes):
        """Return dx, dgamma and dbeta."""
        dx, weighted = oracle.normalise_backward(dout, x, per_channel(gamma), eps, axes)
        return dx, weighted.sum(axis=PIXELS), dout.sum(axis=PIXELS)


class BatchNorm(Normalisation):
    """Spatial batch normalisation in training mode, for the shared properties."""

    may_change = ("running_mean", "running_var")

    def arguments(self, case):
        """Return x, gamma, beta and bn_param."""
        bn_param = {"mode": "train"}
        if case.eps is not None:
            bn_param["eps"] = case.eps
        return {**self.common_arguments(case), "bn_param": bn_param}

    def forward(self, x, gamma, beta, bn_param):
        """Return the right output."""
        gamma, beta = per_channel(gamma), per_channel(beta)
        return oracle.normalise(x, gamma, beta, bn_param.get("eps", 1e-5), PIXELS)

    def backward(self, dout, x, gamma, beta, bn_param):
        """Return the right gradients."""
        return self.right_gradients(dout, x, gamma, bn_param.get("eps", 1e-5), PIXELS)

    def out_suspects(self, x, gamma, beta, bn_param):
        """Return what common mistakes give."""
        eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)

        def updated():
            return [(1 - momentum) * part for part in norm_mistakes.moments(x, PIXELS)]

        right, wrong = norm_mistakes.own_statistics(x, PIXELS, OTHER_AXES)
        running = "the running averages are used, expected in test mode only: training "
        wrong += [
            (f"{running}uses the statistics of the batch", updated),
            (f"{running}uses the statistics of the batch", lambda: (0.0, 0.0)),
        ]
        normalise = partial(
            oracle.normalise, gamma=gamma, beta=beta, eps=eps, axes=(0,)
        )
        N, C, H, W = x.shape
        return (
            norm_mistakes.reshaped_outputs(x, normalise)
            + norm_mistakes.outputs(x, gamma, beta, eps, (right, wrong)),
            [("the channel axis has to come back", (N, H, W, C))],
        )

    def gradient_suspects(self, dout, x, gamma, beta, bn_param):
        """Return what common mistakes give, by gradient."""
        eps = bn_param.get("eps", 1e-5)
        hat = oracle.normalise(x, 1.0, 0.0, eps, PIXELS)
        out = per_channel(gamma) * hat + per_channel(beta)
        with np.errstate(all="ignore"):
            bare = oracle.normalise(x, 1.0, 0.0, 0.0, PIXELS)
        backward = partial(oracle.normalise_backward, gamma=gamma, eps=eps, axes=(0,))
        reshaped = norm_mistakes.reshaped_gradients(dout, x, backward)
        composed = {
            "dx": norm_mistakes.dx(
                dout, x, gamma, eps, PIXELS, x.shape, [axes for _, axes in OTHER_AXES]
            ),
            "dgamma": norm_mistakes.dgamma(dout, x, hat, out, bare),
            "dbeta": norm_mistakes.dbeta(dout, hat),
        }
        shapes = norm_mistakes.sum_shapes(x.shape)
        return {
            name: (reshaped[name] + composed[name], () if name == "dx" else shapes)
            for name in self.gradients
        }


class BatchNormInTestMode(Normalisation):
    """Spatial batch normalisation with running averages for three channels."""

    may_change = ("running_mean", "running_var")  # these have a check of their own

    def arguments(self, case):
        """Return x, gamma, beta and bn_param."""
        bn_param = {"mode": "test"}
        if not case.fresh:
            bn_param["running_mean"] = RUNNING_MEAN * case.scale
            bn_param["running_var"] = RUNNING_VAR * case.scale**2
        if case.eps is not None:
            bn_param["eps"] = case.eps
        return {**self.common_arguments(case), "bn_param": bn_param}

    def forward(self, x, gamma, beta, bn_param):
        """Return the right output."""
        x_hat, _ = _with_running(x, bn_param)
        return per_channel(gamma) * x_hat + per_channel(beta)

    def backward(self, dout, x, gamma, beta, bn_param):
        """Return the right gradients: the averages do not depend on x."""
        x_hat, std = _with_running(x, bn_param)
        dgamma, dbeta = (dout * x_hat).sum(axis=PIXELS), dout.sum(axis=PIXELS)
        return dout * per_channel(gamma) / std, dgamma, dbeta

    def out_suspects(self, x, gamma, beta, bn_param):
        """Return what common mistakes give."""
        eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
        mean, var = _averages(bn_param)
        running = per_channel(mean), per_channel(var)
        own = norm_mistakes.moments(x, PIXELS)

        def mixed(weight):
            return [
                weight * old + (1 - weight) * new
                for old, new in zip(running, own, strict=True)
            ]

        batch = "of this batch {} used, expected the running {} in test mode"
        averaged = (
            "the running averages are averaged with the statistics of this batch; test "
            "mode uses them as they are"
        )
        wrong = [
            (f"the statistics {batch.format('are', 'ones')}", lambda: own),
            (averaged, partial(mixed, momentum)),
            (averaged, partial(mixed, 1 - momentum)),
            (f"the mean {batch.format('is', 'one')}", lambda: (own[0], running[1])),
            (f"the variance {batch.format('is', 'one')}", lambda: (running[0], own[1])),
            ("the running mean is not subtracted", lambda: (0.0, running[1])),
        ]

        def normalise(rows):
            return gamma * (rows - mean) / np.sqrt(var + eps) + beta

        return [
            *norm_mistakes.reshaped_outputs(x, normalise),
            *norm_mistakes.outputs(
                x, gamma, beta, eps, (lambda: running, wrong), "running_var"
            ),
            ("x is handed out as it is", lambda: x),
        ], ()

    def gradient_suspects(self, dout, x, gamma, beta, bn_param):
        """Return what the derivatives of training mode give, by gradient."""
        eps = bn_param.get("eps", 1e-5)
        hat, std = _with_running(x, bn_param)
        own_dx, own_weighted = oracle.normalise_backward(
            dout, x, per_channel(gamma), eps, PIXELS
        )

        def slope(gamma, divisor, through_mean, through_variance):
            flow = dout * gamma
            mean = flow.mean(axis=PIXELS, keepdims=True)
            product = (flow * hat).mean(axis=PIXELS, keepdims=True)
            return (flow - through_mean * mean - through_variance * hat * product) / (
                divisor(std)
            )

        constant = (
            "this is the derivative of training mode; in test mode the mean and the "
            "variance are constants that do not depend on x"
        )
        own = "the statistics of this batch are used, expected the running ones"
        g = per_channel(gamma)
        wrong = [
            (constant, lambda: slope(g, np.copy, 1.0, 1.0)),
            (constant, lambda: slope(g, np.copy, 1.0, 0.0)),
            (constant, lambda: own_dx),
            ("gamma is not used", lambda: slope(1.0, np.copy, 0.0, 0.0)),
            *(
                (text, partial(slope, g, divisor, 0.0, 0.0))
                for text, divisor in norm_mistakes.DX_DIVISORS
            ),
        ]
        out, bare = g * hat + per_channel(beta), hat * std / _std_of(bn_param, 0.0)
        shapes = norm_mistakes.sum_shapes(x.shape)
        sums = norm_mistakes.dgamma(dout, x, hat, out, bare)

        def backward(dout, x):
            mean, var = _averages(bn_param)
            root = np.sqrt(var + eps)
            return dout * gamma / root, dout * (x - mean) / root

        reshaped = norm_mistakes.reshaped_gradients(dout, x, backward)
        own_dgamma = (own, lambda: own_weighted.sum(axis=PIXELS))
        dbeta = norm_mistakes.dbeta(dout, hat)
        return {
            "dx": (reshaped["dx"] + wrong, ()),
            "dgamma": ([*reshaped["dgamma"], own_dgamma, *sums], shapes),
            "dbeta": (reshaped["dbeta"] + dbeta, shapes),
        }


def _averages(bn_param):
    """Return the running mean and variance, which are zeros at first."""
    names = ("running_mean", "running_var")
    return [bn_param.get(name, np.zeros_like(RUNNING_MEAN)) for name in names]


def _std_of(bn_param, eps):
    return np.sqrt(per_channel(_averages(bn_param)[1]) + eps)


def _with_running(x, bn_param):
    """Return x normalised with the running averages, and their deviation."""
    std = _std_of(bn_param, bn_param.get("eps", 1e-5))
    return (x - per_channel(_averages(bn_param)[0])) / std, std


class GroupNorm(Normalisation):
    """Spatial group normalisation, for the shared properties.

    Groups are an axis of their own here: (N, G, C / G, H, W), normalised over the
    last three.
    """

    def arguments(self, case):
        """Return x, gamma, beta, G and gn_param."""
        gn_param = {} if case.eps is None else {"eps": case.eps}
        return {**self.common_arguments(case), "G": case.G, "gn_param": gn_param}

    def forward(self, x, gamma, beta, G, gn_param):
        """Return the right output."""
        groups = x.reshape(len(x), G, -1, *x.shape[2:])
        hat = oracle.normalise(groups, 1.0, 0.0, gn_param.get("eps", 1e-5), (2, 3, 4))
        return per_channel(gamma) * hat.reshape(x.shape) + per_channel(beta)

    def backward(self, dout, x, gamma, beta, G, gn_param):
        """Return the right gradients."""
        shape = (len(x), G, -1, *x.shape[2:])
        dout_hat = (dout * per_channel(gamma)).reshape(shape)
        eps = gn_param.get("eps", 1e-5)
        dx, _ = oracle.normalise_backward(
            dout_hat, x.reshape(shape), 1.0, eps, (2, 3, 4)
        )
        hat = (self.forward(x, gamma, beta, G, gn_param) - per_channel(beta)) / (
            per_channel(gamma)
        )
        return dx.reshape(x.shape), (dout * hat).sum(axis=PIXELS), dout.sum(axis=PIXELS)

    def out_suspects(self, x, gamma, beta, G, gn_param):
        """Return what common mistakes give."""
        eps = gn_param.get("eps", 1e-5)
        shape = (len(x), G, x.shape[1] // G, *x.shape[2:])
        statistics = norm_mistakes.own_statistics(
            x.reshape(shape), (2, 3, 4), OTHER_GROUPS
        )

        def interleaved():
            groups = x.reshape(len(x), -1, G, *x.shape[2:])
            hat = oracle.normalise(groups, 1.0, 0.0, eps, (1, 3, 4))
            return per_channel(gamma) * hat.reshape(x.shape) + per_channel(beta)

        def of_whole_batch():
            hat = oracle.normalise(x.reshape(G, -1), 1.0, 0.0, eps, (1,))
            return per_channel(gamma) * hat.reshape(x.shape) + per_channel(beta)

        return [
            ("a group is C / G neighbouring channels, not every G-th", interleaved),
            (
                "all images together are cut into G parts: every image has G groups "
                "of its own",
                of_whole_batch,
            ),
            *norm_mistakes.outputs(x, gamma, beta, eps, statistics, shape=shape),
        ], [("the groups have to be joined again to the shape of x", shape)]

    def gradient_suspects(self, dout, x, gamma, beta, G, gn_param):
        """Return what common mistakes give, by gradient."""
        eps = gn_param.get("eps", 1e-5)
        shape = (len(x), G, x.shape[1] // G, *x.shape[2:])
        out = self.forward(x, gamma, beta, G, gn_param)
        hat = (out - per_channel(beta)) / per_channel(gamma)
        with np.errstate(all="ignore"):
            bare = self.forward(x, np.ones_like(gamma), 0 * beta, G, {"eps": 0.0})
        others = [axes for _, axes in OTHER_GROUPS]
        shapes = norm_mistakes.sum_shapes(x.shape)
        return {
            "dx": (
                norm_mistakes.dx(dout, x, gamma, eps, (2, 3, 4), shape, others),
                (),
            ),
            "dgamma": (norm_mistakes.dgamma(dout, x, hat, out, bare), shapes),
            "dbeta": (norm_mistakes.dbeta(dout, hat), shapes),
        }


OTHER_AXES = [
    ("the statistics are taken for every pixel, over the batch alone", (0,)),
    ("the statistics are taken for every image and channel by itself", (2, 3)),
    ("the statistics are taken over all channels together", (0, 1, 2, 3)),
    ("the statistics are taken for every image, over all its channels", (1, 2, 3)),
    ("the statistics are taken over the channels alone", (1,)),
]
OTHER_GROUPS = [  # axes of (N, G, C / G, H, W)
    ("the statistics run over the batch, expected each image", (0, 2, 3, 4)),
    ("the statistics are taken for every image and channel by itself", (3, 4)),
    ("the statistics are taken for every image, over all its channels", (1, 2, 3, 4)),
    ("the statistics are taken for every channel, over the batch", (0, 3, 4)),
    ("the statistics are taken for every pixel, over the group alone", (2,)),
    (
        "the statistics are taken across images and groups, expected inside of each: "
        "is it the other axis of the matrix?",
        (0, 1),
    ),
]
