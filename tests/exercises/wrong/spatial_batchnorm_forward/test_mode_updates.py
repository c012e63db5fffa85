"""Test mode normalises rightly, but goes on updating the running averages.

Easily made when the update stands after the if, for both modes.
"""

import numpy as np

CAUSE = ("test mode", "running_mean", "changed")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    C = x.shape[1]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(C, x.dtype))
    running_var = bn_param.get("running_var", np.zeros(C, x.dtype))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
    else:
        mean, var = running_mean, running_var
    for name, old, new in (
        ("running_mean", running_mean, x.mean(axis=(0, 2, 3))),
        ("running_var", running_var, x.var(axis=(0, 2, 3))),
    ):
        bn_param[name] = momentum * old + (1 - momentum) * new
    std = np.sqrt(var + eps)
    x_hat = (x - mean[:, None, None]) / std[:, None, None]
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, gamma, std, bn_param["mode"])
