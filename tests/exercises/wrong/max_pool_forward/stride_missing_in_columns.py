"""The window moves by the stride downwards, and by one pixel to the right.

Easily made when one of two similar lines is mended and the other is not.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("left", "stride")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            top = i * stride
            window = x[:, :, top : top + height, j : j + width]
            out[:, :, i, j] = np.amax(window, axis=(2, 3))
    return out, (x, pool_param)
