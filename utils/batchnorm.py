"""Batch normalisation of a matrix with N rows of D features.

Given code: the spatial version for images is the exercise of CNN-BatchNorm.ipynb.
"""

import numbers
from typing import NamedTuple

import numpy as np

from utils.shapes import require_shape


def batchnorm_forward(x, gamma, beta, bn_param):
    """Normalise every feature over the batch, then scale and shift it.

    In training mode the batch's own mean and (biased) variance are used, and the
    running averages in ``bn_param`` move towards them:

        x_hat = (x - mean) / sqrt(var + eps)
        out = gamma * x_hat + beta
        running = momentum * running + (1 - momentum) * batch

    In test mode the running averages take the place of the batch's statistics and
    stay as they are.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        N rows with D features.
    gamma, beta : ndarray of shape (D,)
        Scale and shift of each feature.
    bn_param : dict
        ``mode``, ``"train"`` or ``"test"``; ``eps``, float, default 1e-5;
        ``momentum``, float in [0, 1], default 0.9; ``running_mean`` and
        ``running_var``, ndarrays of shape (D,), zeros at first.  In training mode
        the two are **replaced** by their updated values.

    Returns
    -------
    out : ndarray of shape (N, D)
        Same dtype as ``x`` (float64 if those are whole numbers).
    cache : tuple
        ``(x_hat, gamma, std, mode)`` for the backward pass.

    Raises
    ------
    ValueError
        If ``bn_param`` makes no sense (see `read_bn_param`), ``x`` has no rows in
        training mode, or a shape does not fit; ``bn_param`` then is as before.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network
       training by reducing internal covariate shift", ICML 2015, algorithm 1.
    """
    if x.ndim != 2:
        raise ValueError(f"x has shape {x.shape}, expected (N, D): features per row.")
    N, D = x.shape
    require_shape("gamma", gamma, (D,), "one scale per feature")
    require_shape("beta", beta, (D,), "one shift per feature")
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    settings = read_bn_param(bn_param, D, dtype)
    if settings.mode == "train":
        if N == 0:
            raise ValueError("x has no rows: the mean of an empty batch is undefined.")
        # Long sums in float32 would lose digits.
        mean, var = x.mean(axis=0, dtype=np.float64), x.var(axis=0, dtype=np.float64)
        update_running(bn_param, settings, mean, var)
    else:
        mean, var = settings.running_mean, settings.running_var
    std = np.sqrt(var + settings.eps).astype(dtype)
    x_hat = (x - mean.astype(dtype)) / std
    out = gamma.astype(dtype) * x_hat + beta.astype(dtype)
    return out, (x_hat, gamma, std, settings.mode)


def batchnorm_backward(dout, cache):
    """Backward pass of `batchnorm_forward`.

    In training mode the mean and the variance depend on ``x`` too; taking their
    derivatives along and simplifying gives

        dx = gamma / std * (dout - mean(dout) - x_hat * mean(dout * x_hat))

    In test mode both are constants, and ``dx = gamma / std * dout``.

    Parameters
    ----------
    dout : ndarray of shape (N, D)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        What `batchnorm_forward` returned.

    Returns
    -------
    dx : ndarray of shape (N, D)
    dgamma, dbeta : ndarray of shape (D,)

    Raises
    ------
    ValueError
        If ``dout`` has not the shape of ``out``.
    """
    x_hat, gamma, std, mode = cache
    require_shape("dout", dout, x_hat.shape, "the shape of the layer's out")
    dgamma = (dout * x_hat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    if mode == "test":
        return gamma / std * dout, dgamma, dbeta
    N = dout.shape[0]
    dx = gamma / std * (dout - dbeta / N - x_hat * (dgamma / N))
    return dx, dgamma, dbeta


class BatchnormSettings(NamedTuple):
    """What `read_bn_param` found, with defaults filled in."""

    mode: str
    eps: float
    momentum: float
    running_mean: np.ndarray
    running_var: np.ndarray


def read_bn_param(bn_param, size, dtype):
    """Read and check a ``bn_param`` dictionary without changing it.

    Parameters
    ----------
    bn_param : dict
        As in `batchnorm_forward`.
    size : int
        Number of features or channels.
    dtype : numpy dtype
        Of the running averages where there are none yet.

    Returns
    -------
    BatchnormSettings

    Raises
    ------
    ValueError
        If ``mode`` is missing or unknown, ``eps`` is negative, ``momentum`` is not in
        [0, 1], or a running average is not a floating-point array of shape (size,).
    """
    mode = bn_param.get("mode")
    if mode not in ("train", "test"):
        raise ValueError(f"bn_param['mode'] is {mode!r}, expected 'train' or 'test'.")
    eps = _number(bn_param, "eps", 1e-5, most=np.inf)
    momentum = _number(bn_param, "momentum", 0.9, most=1)
    running = []
    for key in ("running_mean", "running_var"):
        array = np.asarray(bn_param.get(key, np.zeros(size, dtype)))
        require_shape(f"bn_param[{key!r}]", array, (size,), "one per channel")
        if array.dtype.kind != "f":
            raise ValueError(
                f"bn_param[{key!r}] has dtype {array.dtype}, expected float32 or "
                f"float64: averages are no whole numbers."
            )
        running.append(array)
    return BatchnormSettings(mode, eps, momentum, *running)


def update_running(bn_param, settings, mean, var):
    """Move the running averages in ``bn_param`` towards a batch's statistics.

        running = momentum * running + (1 - momentum) * batch

    Parameters
    ----------
    bn_param : dict
        Gets new arrays under ``running_mean`` and ``running_var``.
    settings : BatchnormSettings
        What `read_bn_param` read from it.
    mean, var : ndarray of shape (D,)
        Statistics of the batch.
    """
    momentum, averages = settings.momentum, settings[3:]
    for key, old, new in zip(
        ("running_mean", "running_var"), averages, (mean, var), strict=True
    ):
        bn_param[key] = (momentum * old + (1 - momentum) * new).astype(old.dtype)


def _number(bn_param, key, default, most):
    value = bn_param.get(key, default)
    if not isinstance(value, numbers.Real) or not 0 <= value <= most:
        interval = ">= 0" if most == np.inf else f"from 0 to {most}"
        raise ValueError(
            f"bn_param[{key!r}] is {value!r}, expected a number {interval}."
        )
    return float(value)  # a numpy float64 would make float32 arrays float64
