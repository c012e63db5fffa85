"""The variance as the mean of squares minus the square of the mean; folded formula."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    if bn_param["mode"] == "train":
        M = x[:, 0].size
        mean = np.sum(x, axis=(0, 2, 3)) / M
        var = np.maximum(np.sum(x * x, axis=(0, 2, 3)) / M - mean * mean, 0)
        for name, new in (("running_mean", mean), ("running_var", var)):
            old = bn_param.get(name, np.zeros_like(new))
            bn_param[name] = old + (1 - momentum) * (new - old)
    else:
        zeros = np.zeros_like(gamma)
        mean = bn_param.get("running_mean", zeros)
        var = bn_param.get("running_var", zeros)
    scale = gamma * (var + eps) ** -0.5
    shift = beta - mean * scale
    return x * scale[:, None, None] + shift[:, None, None], None
