"""float64 inside; gradients in the dtype of x, gamma and beta."""

import numpy as np

AXES = (0, 2, 3)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    dtype, x = x.dtype, x.astype(np.float64)
    eps = bn_param.get("eps", 1e-5)
    if bn_param["mode"] == "train":
        mean, var = x.mean(AXES), x.var(AXES)
    else:
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    std = np.sqrt(var + eps)[:, None, None]
    x_hat = (x - mean[:, None, None]) / std
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out.astype(dtype), (x_hat, gamma, std, bn_param["mode"])


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    wide = dout.astype(np.float64)
    dgamma, dbeta = (wide * x_hat).sum(AXES), wide.sum(AXES)
    dx = wide
    if mode == "train":
        product = (wide * x_hat).mean(AXES, keepdims=True)
        dx = wide - wide.mean(AXES, keepdims=True) - x_hat * product
    dx = dx * gamma[:, None, None] / std
    return tuple(array.astype(dout.dtype) for array in (dx, dgamma, dbeta))
