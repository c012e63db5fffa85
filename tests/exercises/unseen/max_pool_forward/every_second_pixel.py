"""Only every second pixel of a window twice as large is looked at.

Easily made by using the step of a slice for the stride.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("step", "inside the window")


def max_pool_forward_naive(x, pool_param):
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for i, j in np.ndindex(H_out, W_out):
        top, left = i * stride, j * stride
        window = x[:, :, top : top + 2 * height : 2, left : left + 2 * width : 2]
        out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)
