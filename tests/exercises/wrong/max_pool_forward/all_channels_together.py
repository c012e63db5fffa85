"""One maximum is taken over the windows of all channels.

Easily made with x[n, :, rows, columns].max(), where the axes of max are forgotten.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = "channel"


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for n in range(N):
        for i in range(H_out):
            for j in range(W_out):
                rows = slice(i * stride, i * stride + height)
                columns = slice(j * stride, j * stride + width)
                out[n, :, i, j] = np.max(x[n, :, rows, columns])
    return out, (x, pool_param)
