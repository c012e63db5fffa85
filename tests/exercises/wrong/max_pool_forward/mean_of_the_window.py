"""The mean of the window is taken.

Easily made by whoever copies average pooling.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("mean", "window")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            rows = slice(i * stride, i * stride + height)
            columns = slice(j * stride, j * stride + width)
            out[:, :, i, j] = x[:, :, rows, columns].mean(axis=(2, 3))
    return out, (x, pool_param)
