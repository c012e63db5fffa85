"""Only positive gradients are handed back.

Easily made by adding the backward pass of a ReLU.
"""

import numpy as np

CAUSE = "negative"


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + p, left + q] += max(dout[n, c, i, j], 0)
    return dx
