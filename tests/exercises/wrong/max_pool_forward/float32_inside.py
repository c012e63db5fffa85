"""The output is collected in float32 and converted back at the end.

Easily made by whoever has heard that networks are trained in float32.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("float32", "digits")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out), dtype=np.float32)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + height, left : left + width]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out.astype(x.dtype), (x, pool_param)
