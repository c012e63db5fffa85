"""A matrix with one row per channel: np.moveaxis, then everything along axis 1."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    C = x.shape[1]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    moved = np.moveaxis(x, 1, 0)  # (C, N, H, W)
    channels = moved.reshape(C, -1)
    for name in ("running_mean", "running_var"):
        bn_param.setdefault(name, np.zeros(C, x.dtype))
    if bn_param["mode"] == "train":
        mean, var = channels.mean(axis=1), channels.var(axis=1)
        for name, new in (("running_mean", mean), ("running_var", var)):
            bn_param[name] *= momentum  # in place, and not replaced
            bn_param[name] += (1 - momentum) * new
    else:
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    scale = gamma / np.sqrt(var + eps)
    out = channels * scale[:, None] + (beta - mean * scale)[:, None]
    return np.moveaxis(out.reshape(moved.shape), 0, 1).astype(x.dtype), None
