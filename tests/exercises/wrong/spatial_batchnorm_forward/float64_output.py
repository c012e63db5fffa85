"""The output is float64 whatever the input is.

Easily made by np.zeros(x.shape), which is float64.
"""

import numpy as np

from utils.batchnorm import batchnorm_forward

CAUSE = ("float64", "float32", "dtype")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out = np.zeros(x.shape)
    rows, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    out[...] = rows.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return out, cache
