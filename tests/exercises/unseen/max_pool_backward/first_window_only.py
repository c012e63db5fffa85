"""Only the first of several windows gives its gradient to a pixel.

Easily made by asking whether there is one already.
"""

import numpy as np

CAUSE = ("overlap", "adds")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        if not dx[n, c, top + p, left + q]:
            dx[n, c, top + p, left + q] = dout[n, c, i, j]
    return dx
