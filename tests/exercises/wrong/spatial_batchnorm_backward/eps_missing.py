"""The backward pass divides by the root of the variance, without eps.

Easily made by whoever computes the deviation a second time.
"""

import numpy as np

CAUSE = "eps"


AXES = (0, 2, 3)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5)
    mean, var = x.mean(AXES, keepdims=True), x.var(AXES, keepdims=True)
    if bn_param["mode"] == "test":
        mean = bn_param["running_mean"][:, None, None]
        var = bn_param["running_var"][:, None, None]
    gamma, beta = gamma[:, None, None], beta[:, None, None]
    out = gamma * (x - mean) / np.sqrt(var + eps) + beta
    return out, (x - mean, gamma, var, bn_param["mode"])


def spatial_batchnorm_backward(dout, cache):
    centred, gamma, var, mode = cache
    std = np.sqrt(var)
    x_hat = centred / std
    dgamma, dbeta = (dout * x_hat).sum(AXES), dout.sum(AXES)
    dx = gamma / std * dout
    if mode == "train":
        product = (dout * x_hat).mean(AXES, keepdims=True)
        dx = dx - gamma / std * (dout.mean(AXES, keepdims=True) + x_hat * product)
    return dx, dgamma, dbeta
