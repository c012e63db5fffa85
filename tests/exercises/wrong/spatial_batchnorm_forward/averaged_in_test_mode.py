"""Test mode averages the running statistics with those of its own batch.

6 of 47 published solutions are right in training mode and wrong in test mode; this
is one of the ways.
"""

import numpy as np

CAUSE = ("test mode", "running", "batch")


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
        mean = momentum * running_mean + (1 - momentum) * x.mean(axis=(0, 2, 3))
        var = momentum * running_var + (1 - momentum) * x.var(axis=(0, 2, 3))
    std = np.sqrt(var + eps)
    x_hat = (x - mean[:, None, None]) / std[:, None, None]
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, gamma, std, bn_param["mode"])
