"""The search for the maximum starts at 0.

Easily made by whoever allocates zeros and compares; images of 0 to 255 do not show it.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("negative", "not from 0")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        for p in range(height):
            for q in range(width):
                value = x[n, c, i * stride + p, j * stride + q]
                if value > out[n, c, i, j]:
                    out[n, c, i, j] = value
    return out, (x, pool_param)
