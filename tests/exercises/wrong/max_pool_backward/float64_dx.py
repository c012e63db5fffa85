"""dx is float64 whatever the input is.

Easily made: np.zeros(x.shape) is float64, np.zeros_like(x) is not.
"""

import numpy as np

CAUSE = ("float64", "float32", "dtype")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
