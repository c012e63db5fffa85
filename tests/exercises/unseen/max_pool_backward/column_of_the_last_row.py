"""The column is that of the largest value of the last row.

Easily made by looking for row and column one after the other.
"""

import numpy as np

CAUSE = ("column", "last row")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.argmax(window.max(axis=1)), np.argmax(window[-1])
        dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
