"""The running averages are taken of the normalised values, so they say nothing.

Easily made when x is overwritten by x_hat on the way.
"""

import numpy as np

CAUSE = ("running_mean", "normalised")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    C = x.shape[1]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(C, x.dtype))
    running_var = bn_param.get("running_var", np.zeros(C, x.dtype))
    gamma, beta = gamma[:, None, None], beta[:, None, None]
    if bn_param["mode"] == "test":
        std = np.sqrt(running_var + eps)[:, None, None]
        return gamma * (x - running_mean[:, None, None]) / std + beta, None
    mean = x.mean(axis=(0, 2, 3), keepdims=True)
    std = np.sqrt(x.var(axis=(0, 2, 3), keepdims=True) + eps)
    x = (x - mean) / std
    for name, old, new in (
        ("running_mean", running_mean, x.mean(axis=(0, 2, 3))),
        ("running_var", running_var, x.var(axis=(0, 2, 3))),
    ):
        bn_param[name] = momentum * old + (1 - momentum) * new
    return gamma * x + beta, (x, gamma, std)
