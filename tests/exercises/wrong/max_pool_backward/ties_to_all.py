"""All the largest pixels of a window get the whole gradient.

29 of 43 published solutions do not keep the sum where values are equal.
"""

import numpy as np

CAUSE = ("equally large", "all of dout")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        mask = window == window.max()
        dx[n, c, top : top + height, left : left + width] += mask * dout[n, c, i, j]
    return dx
