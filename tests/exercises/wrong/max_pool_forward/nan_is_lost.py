"""NaN is lost, because a comparison with it is always false.

Easily made with a loop that compares; no handout tests it, and a training that has
broken down then looks healthy.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("nan", "comparison")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.full((N, C, H_out, W_out), -np.inf, dtype=x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        for p, q in np.ndindex(height, width):
            value = x[n, c, i * stride + p, j * stride + q]
            if value > out[n, c, i, j]:
                out[n, c, i, j] = value
    return out, (x, pool_param)
