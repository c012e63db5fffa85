"""The gradient is divided among all pixels, as average pooling does.

Easily made by whoever copies average pooling.
"""

import numpy as np

CAUSE = ("shared", "largest")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        share = dout[n, c, i, j] / (height * width)
        dx[n, c, top : top + height, left : left + width] += share
    return dx
