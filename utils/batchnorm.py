"""Batch normalisation of a matrix with N rows of D features.

Given code: the spatial version for images is the exercise of CNN-BatchNorm.ipynb.
"""

import numpy as np


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
        Same dtype as ``x``.
    cache : tuple
        ``(x_hat, gamma, std, mode)`` for the backward pass.

    Raises
    ------
    ValueError
        If ``mode`` is unknown, ``x`` has no rows in training mode, or the shapes of
        ``gamma`` and ``beta`` do not match.

    References
    ----------
    .. [1] S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network
       training by reducing internal covariate shift", ICML 2015, algorithm 1.
    """
    mode = bn_param["mode"]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    N, D = x.shape
    for name, array in (("gamma", gamma), ("beta", beta)):
        if array.shape != (D,):
            raise ValueError(
                f"{name} has shape {array.shape}, expected ({D},): one per feature."
            )
    running_mean = bn_param.setdefault("running_mean", np.zeros(D, x.dtype))
    running_var = bn_param.setdefault("running_var", np.zeros(D, x.dtype))
    if mode == "train":
        if N == 0:
            raise ValueError("x has no rows: the mean of an empty batch is undefined.")
        mean, var = x.mean(axis=0), x.var(axis=0)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    elif mode == "test":
        mean, var = running_mean, running_var
    else:
        raise ValueError(f"bn_param['mode'] is {mode!r}, expected 'train' or 'test'.")
    std = np.sqrt(var + eps)
    x_hat = (x - mean) / std
    out = gamma * x_hat + beta
    return out, (x_hat, gamma, std, mode)


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
    """
    x_hat, gamma, std, mode = cache
    dgamma = (dout * x_hat).sum(axis=0)
    dbeta = dout.sum(axis=0)
    if mode == "test":
        return gamma / std * dout, dgamma, dbeta
    N = dout.shape[0]
    dx = gamma / std * (dout - dbeta / N - x_hat * (dgamma / N))
    return dx, dgamma, dbeta
