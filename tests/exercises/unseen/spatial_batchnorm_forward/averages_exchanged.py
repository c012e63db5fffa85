"""Test mode takes running_mean for running_var and the other way round.

Easily made in a tuple assignment.
"""

import numpy as np

CAUSE = ("running_mean", "running_var", "exchanged")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    C = x.shape[1]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(C, x.dtype))
    running_var = bn_param.get("running_var", np.zeros(C, x.dtype))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_var, np.abs(running_mean)
    std = np.sqrt(var + eps)
    x_hat = (x - mean[:, None, None]) / std[:, None, None]
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, gamma, std, bn_param["mode"])
