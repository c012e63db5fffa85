"""The largest pixels get their own value.

Easily made by repeating the forward pass.
"""

import numpy as np

CAUSE = ("own value", "expected dout")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + p, left + q] += window[p, q]
    return dx
