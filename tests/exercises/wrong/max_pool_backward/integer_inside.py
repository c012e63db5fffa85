"""dx is collected in an array of integers and converted back at the end.

Easily made by whoever looks at examples of whole numbers.
"""

import numpy as np

CAUSE = ("dx", "fraction")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros(x.shape, dtype=int)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + p, left + q] += int(dout[n, c, i, j])
    return dx.astype(x.dtype)
