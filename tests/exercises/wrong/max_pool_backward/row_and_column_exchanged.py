"""Row and column of the maximum are exchanged inside the window.

Easily made by q, p = np.unravel_index(...).
"""

import numpy as np

CAUSE = ("row", "column", "exchanged")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        q, p = np.unravel_index(np.argmax(window), window.shape)
        if top + p < x.shape[2] and left + q < x.shape[3]:
            dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
