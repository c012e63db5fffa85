"""Every window is square: pool_height serves for both sides.

Easily made, and invisible while windows are square, as all of the handout's are.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("pool_width", "pool_height")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    size = pool_param["pool_height"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            out[:, :, i, j] = x[:, :, top : top + size, left : left + size].max((2, 3))
    return out, (x, pool_param)
