"""pool_height and pool_width are exchanged.

Easily made, and invisible while windows are square, as all of the handout's are.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("pool_height", "pool_width", "exchanged")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    width, height = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + height, left : left + width]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)
