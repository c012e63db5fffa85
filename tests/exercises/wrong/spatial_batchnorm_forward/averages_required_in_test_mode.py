"""Test mode stops where there are no averages yet, though they are zeros at first.

Easily made by bn_param[...] instead of bn_param.get(...).
"""

import numpy as np

from utils.exercises.spatial_batchnorm import spatial_batchnorm_forward as solved

CAUSE = ("before any training", "zeros")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    if bn_param["mode"] == "test":
        mean, var = bn_param["running_mean"], bn_param["running_var"]
        std = np.sqrt(var + bn_param.get("eps", 1e-5)).astype(x.dtype)
        x_hat = (x - mean[:, None, None]) / std[:, None, None]
        return gamma[:, None, None] * x_hat + beta[:, None, None], None
    return solved(x, gamma, beta, bn_param)
