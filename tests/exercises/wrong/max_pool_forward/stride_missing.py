"""The window moves by one pixel, whatever the stride.

Easily made: the first draft of the loops reads x[i:i + height, j:j + width].
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("window", "i * stride")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            window = x[:, :, i : i + height, j : j + width]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)
