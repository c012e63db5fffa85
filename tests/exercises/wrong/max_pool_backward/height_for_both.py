"""Every window is square: pool_height serves for both sides.

Easily made; 18 of 43 published solutions fail with 2 x 3 windows, for one reason or
another.
"""

import numpy as np

CAUSE = ("pool_width", "pool_height")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    size = pool_param["pool_height"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + size, left : left + size]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
