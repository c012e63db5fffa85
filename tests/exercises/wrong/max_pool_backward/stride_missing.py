"""The window moves by one pixel, whatever the stride.

Easily made when the forward pass was mended and the backward pass was not.
"""

import numpy as np

CAUSE = ("stride", "window")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i, j
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
