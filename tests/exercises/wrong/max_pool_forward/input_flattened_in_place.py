"""The input itself gets another shape, and keeps it after the call.

Easily made with x.shape = ... where x.reshape(...) was meant.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = "changed x"


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    if x.flags.c_contiguous:
        x.shape = (N * C, *x.shape[2:])
    images = x.reshape(N * C, *x.shape[-2:])
    out = np.zeros((N * C, H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = images[:, top : top + height, left : left + width]
            out[:, i, j] = window.max(axis=(1, 2))
    return out.reshape(N, C, H_out, W_out), (x, pool_param)
