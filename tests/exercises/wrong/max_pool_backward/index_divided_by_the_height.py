"""The index of the maximum is taken apart with the window's height, not its width.

Easily made by hand, where np.unravel_index would know; square windows hide it.
"""

import numpy as np

CAUSE = ("width", "index")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = divmod(np.argmax(window), height)
        if top + p < x.shape[2] and left + q < x.shape[3]:
            dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
