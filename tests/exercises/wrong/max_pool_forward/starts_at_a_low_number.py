"""The search for the maximum starts at -1000 instead of -inf.

Easily made by whoever looks for a number that is "surely below all values".
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("-1000", "-inf", "start")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.full((N, C, H_out, W_out), -1000.0, dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            for p in range(height):
                for q in range(width):
                    pixel = x[:, :, top + p, left + q]
                    out[:, :, i, j] = np.maximum(out[:, :, i, j], pixel)
    return out, (x, pool_param)
