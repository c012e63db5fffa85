"""The value with the largest absolute value is taken, with its sign.

Easily made by those who look for the strongest response.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = "absolute"


def max_pool_forward_naive(x, pool_param):
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for i, j in np.ndindex(H_out, W_out):
        top, left = i * stride, j * stride
        window = x[:, :, top : top + height, left : left + width]
        low, high = window.min(axis=(2, 3)), window.max(axis=(2, 3))
        out[:, :, i, j] = np.where(-low > high, low, high)
    return out, (x, pool_param)
