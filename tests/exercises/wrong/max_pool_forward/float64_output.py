"""The output is float64 whatever the input is.

Made by nearly everybody: np.zeros(shape) is float64, and no published solution of
the convolution keeps float32 (0 of 43).
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("float64", "float32", "dtype")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out))
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + height, left : left + width]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)
