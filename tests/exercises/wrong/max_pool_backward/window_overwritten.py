"""Each window writes over the whole of its place in dx, zeros included.

18 of 43 published solutions assign where they have to add.
"""

import numpy as np

CAUSE = ("overlap", "+=")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        mask = window == np.max(window)
        dx[n, c, top : top + height, left : left + width] = mask * dout[n, c, i, j]
    return dx
