"""Batch and group normalisation of images: right answers and known mistakes.

Every channel of the inputs has a mean and a scale of its own, and images are not
square: if the channel axis gets mixed up with the others on the way to a matrix, the
numbers come out wrong instead of merely shuffled.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from utils.checks import oracle
from utils.checks.compare import ROUNDING
from utils.checks.properties import Layer

PIXELS = (0, 2, 3)
RUNNING_MEAN = np.array([2.0, -7.0, 14.0])
RUNNING_VAR = np.array([0.3, 5.0, 40.0])
RESHAPED = (
    "values of different channels are mixed: move the channel axis to the end "
    "(transpose) before you reshape"
)


@dataclass(frozen=True)
class NormCase:
    """Shape ``x`` (N, C, H, W), eps (None for the default), size of x, groups."""

    name: str
    x: tuple
    eps: float | None = None
    scale: float = 1.0
    G: int = 1


def images(case, seed=6):
    """Return images whose channels have means 3, -8, 15, ... and scales 0.5, 2, ..."""
    rng = np.random.default_rng(seed)
    C = case.x[1]
    mean = np.resize([3.0, -8.0, 15.0, 1.0, -4.0, 30.0], C)[:, None, None]
    scale = np.resize([0.5, 2.0, 6.0, 1.0, 3.0, 4.0], C)[:, None, None]
    return case.scale * (mean + scale * rng.standard_normal(case.x))


def per_channel(values):
    """Give an array of shape (C,) the shape that broadcasts against (N, C, H, W)."""
    return np.asarray(values)[:, None, None]


class Normalisation(Layer):
    """What batch and group normalisation have in common."""

    gradients = ("dx", "dgamma", "dbeta")
    limit = ROUNDING

    def common_arguments(self, case):
        """Return x, gamma and beta; no gamma is 1 and no beta is 0."""
        C = case.x[1]
        gamma = np.resize([2.0, -1.5, 0.7, 3.0, 1.3, -0.4], C)
        beta = np.resize([5.0, 7.0, -6.0, 0.5, -2.0, 11.0], C)
        return {"x": images(case), "gamma": gamma, "beta": beta}

    def wrong_forward(self, x, gamma, beta, eps, axes):
        """List mistakes that any normalisation over some axes invites."""
        gamma, beta = per_channel(gamma), per_channel(beta)
        norm = partial(oracle.normalise, x, gamma, beta)
        M = np.prod([x.shape[axis] for axis in axes])
        mean, var = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
        hat = oracle.normalise(x, 1.0, 0.0, eps, axes)
        return [
            ("gamma is not used", lambda: hat + beta),
            ("beta is not used", lambda: gamma * hat),
            ("gamma and beta are not used", lambda: hat),
            ("gamma and beta are exchanged", lambda: beta * hat + gamma),
            ("beta is scaled by gamma as well", lambda: gamma * (hat + beta)),
            (
                "the variance is divided by M - 1, expected M, the number of values",
                lambda: norm(eps, axes, var=var * M / (M - 1)) if M > 1 else None,
            ),
            (
                "eps is added to the deviation, expected inside the root: "
                "sqrt(var + eps)",
                lambda: gamma * (x - mean) / (np.sqrt(var) + eps) + beta,
            ),
            ("eps is not used", lambda: norm(0.0, axes)),
            ("eps is 1e-5 whatever the parameters say", lambda: norm(1e-5, axes)),
            ("eps is 1e-8, expected 1e-5 by default", lambda: norm(1e-8, axes)),
            (
                "the division is by the variance, expected its root",
                lambda: gamma * (x - mean) / (var + eps) + beta,
            ),
            ("the mean is not subtracted", lambda: norm(eps, axes, mean=0.0, var=var)),
            *_other_axes(norm, eps, axes),
        ]

    def wrong_gradients(self, dout, x, gamma, eps, axes):
        """List mistakes in the backward pass of such a normalisation."""
        g = per_channel(gamma)
        dx, weighted = oracle.normalise_backward(dout, x, g, eps, axes)
        std = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
        mean_out = (g * dout).mean(axis=axes, keepdims=True)
        return {
            "dx": [
                (
                    "the mean and the variance depend on x too; here they are "
                    "treated as constants",
                    lambda: g / std * dout,
                ),
                (
                    "the variance depends on x too; here it is treated as a constant",
                    lambda: (g * dout - mean_out) / std,
                ),
                ("gamma is not used", lambda: dx / g),
            ],
            "dgamma": [
                ("this is the sum of dout * x", lambda: (dout * x).sum(axis=PIXELS)),
                ("this is dbeta", lambda: dout.sum(axis=PIXELS)),
                ("this is a mean, expected a sum", lambda: weighted.mean(axis=PIXELS)),
            ],
            "dbeta": [
                ("this is a mean, expected a sum", lambda: dout.mean(axis=PIXELS)),
                ("this is dgamma", lambda: weighted.sum(axis=PIXELS)),
            ],
        }

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
        eps = bn_param.get("eps", 1e-5)
        N, C, H, W = x.shape

        def reshaped(back):
            rows = x.reshape(-1, C)
            out = oracle.normalise(rows, gamma, beta, eps, 0)
            if back == "reshape":
                return out.reshape(x.shape)
            return out.reshape(N, H, W, C).transpose(0, 3, 1, 2)

        def moved_but_not_back():
            out = self.forward(x, gamma, beta, bn_param)
            return out.transpose(0, 2, 3, 1).reshape(x.shape)

        wrong = [
            (RESHAPED, partial(reshaped, "reshape")),
            (RESHAPED, partial(reshaped, "transpose")),
            (
                "the channel axis is not moved back (transpose) after the way back "
                "to (N, H, W, C)",
                moved_but_not_back,
            ),
            *self.wrong_forward(x, gamma, beta, eps, PIXELS),
        ]
        return wrong, [("the channel axis has to come back", (N, H, W, C))]

    def gradient_suspects(self, dout, x, gamma, beta, bn_param):
        """Return what common mistakes give, by gradient."""
        eps = bn_param.get("eps", 1e-5)
        C = x.shape[1]
        wrong = self.wrong_gradients(dout, x, gamma, eps, PIXELS)

        def reshaped():
            rows, drows = x.reshape(-1, C), dout.reshape(-1, C)
            return oracle.normalise_backward(drows, rows, gamma, eps, (0,))

        def dout_reshaped(weights):
            rows = np.moveaxis(weights, 1, -1).reshape(-1, C)
            return (dout.reshape(-1, C) * rows).sum(axis=0)

        hat = oracle.normalise(x, 1.0, 0.0, eps, PIXELS)
        wrong["dx"].append((RESHAPED, lambda: reshaped()[0].reshape(x.shape)))
        wrong["dgamma"].append((RESHAPED, lambda: reshaped()[1].sum(axis=0)))
        wrong["dgamma"].append((RESHAPED, lambda: dout_reshaped(hat)))
        wrong["dbeta"].append((RESHAPED, lambda: dout_reshaped(np.ones_like(x))))
        return {name: (suspects, ()) for name, suspects in wrong.items()}


class BatchNormInTestMode(Normalisation):
    """Spatial batch normalisation with running averages for three channels."""

    may_change = ("running_mean", "running_var")  # these have a check of their own

    def arguments(self, case):
        """Return x, gamma, beta and bn_param."""
        bn_param = {
            "mode": "test",
            "eps": case.eps,
            "running_mean": RUNNING_MEAN.copy(),
            "running_var": RUNNING_VAR.copy(),
        }
        return {**self.common_arguments(case), "bn_param": bn_param}

    def forward(self, x, gamma, beta, bn_param):
        """Return the right output."""
        gamma, beta = per_channel(gamma), per_channel(beta)
        return gamma * _x_hat(x, bn_param["eps"]) + beta

    def backward(self, dout, x, gamma, beta, bn_param):
        """Return the right gradients: the averages do not depend on x."""
        x_hat, std = _x_hat(x, bn_param["eps"]), _running_std(bn_param["eps"])
        dgamma, dbeta = (dout * x_hat).sum(axis=PIXELS), dout.sum(axis=PIXELS)
        return dout * per_channel(gamma) / std, dgamma, dbeta

    def out_suspects(self, x, gamma, beta, bn_param):
        """Return what common mistakes give."""
        mean, eps = per_channel(RUNNING_MEAN), bn_param["eps"]
        gamma, beta = per_channel(gamma), per_channel(beta)
        variance = _running_std(eps) ** 2
        wrong = [
            (
                "the statistics of this batch are used, expected the running ones",
                lambda: oracle.normalise(x, gamma, beta, eps, PIXELS),
            ),
            (
                "the division is by running_var, expected sqrt(running_var + eps)",
                lambda: gamma * (x - mean) / variance + beta,
            ),
            ("gamma and beta are not used", lambda: _x_hat(x, eps)),
            ("x is handed out as it is", lambda: x),
        ]
        return wrong, ()

    def gradient_suspects(self, dout, x, gamma, beta, bn_param):
        """Return what the derivatives of training mode give, by gradient."""
        g, eps = per_channel(gamma), bn_param["eps"]
        x_hat, std = _x_hat(x, eps), _running_std(eps)
        own_dx, own_weighted = oracle.normalise_backward(dout, x, g, eps, PIXELS)

        def training_formula():
            mean = dout.mean(axis=PIXELS, keepdims=True)
            product = (dout * x_hat).mean(axis=PIXELS, keepdims=True)
            return g / std * (dout - mean - x_hat * product)

        def through_the_mean():
            return g / std * (dout - dout.mean(axis=PIXELS, keepdims=True))

        constant = (
            "this is the derivative of training mode; in test mode the mean and the "
            "variance are constants that do not depend on x"
        )
        own = "the statistics of this batch are used, expected the running ones"
        return {
            "dx": (
                [
                    (constant, training_formula),
                    (constant, through_the_mean),
                    (constant, lambda: own_dx),
                ],
                (),
            ),
            "dgamma": ([(own, lambda: own_weighted.sum(axis=PIXELS))], ()),
        }


def _running_std(eps):
    return np.sqrt(per_channel(RUNNING_VAR) + eps)


def _x_hat(x, eps):
    return (x - per_channel(RUNNING_MEAN)) / _running_std(eps)


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
        N, C, H, W = x.shape
        eps = gn_param.get("eps", 1e-5)
        g, b = per_channel(gamma), per_channel(beta)

        def interleaved():
            groups = x.reshape(N, -1, G, H, W)
            hat = oracle.normalise(groups, 1.0, 0.0, eps, (1, 3, 4))
            return g * hat.reshape(x.shape) + b

        def with_batch():
            groups = x.reshape(N, G, -1, H, W)
            hat = oracle.normalise(groups, 1.0, 0.0, eps, (0, 2, 3, 4))
            return g * hat.reshape(x.shape) + b

        wrong = [
            ("a group is C / G neighbouring channels, not every G-th", interleaved),
            ("the statistics run over the batch, expected each image", with_batch),
        ]
        return wrong + self.wrong_forward(x, gamma, beta, eps, (1, 2, 3)), ()


def _other_axes(norm, eps, right):
    for text, axes in (
        ("the statistics are taken for every pixel, over the batch alone", (0,)),
        ("the statistics are taken for every image and channel by itself", (2, 3)),
        ("the statistics are taken over all channels together", (0, 1, 2, 3)),
        ("the statistics are taken for every image, over all its channels", (1, 2, 3)),
        ("the statistics are taken over the channels alone", (1,)),
        ("the statistics are taken for every channel, over the batch", PIXELS),
    ):
        if axes != right:
            yield text, partial(norm, eps, axes)
