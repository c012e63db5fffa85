"""Rows and columns of dout are exchanged where it is square.

Easily made by j, i for i, j.
"""

import numpy as np

CAUSE = ("dout", "exchanged")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    if dout.shape[2] == dout.shape[3]:
        dout = dout.swapaxes(2, 3)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
