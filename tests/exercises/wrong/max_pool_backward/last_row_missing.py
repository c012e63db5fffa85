"""The last row of windows hands nothing back.

Easily made by a range that ends one too early.
"""

import numpy as np

CAUSE = "last row"


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    N, C, H_out, W_out = dout.shape
    for i in range(H_out - 1):
        for j in range(W_out):
            rows = slice(i * stride, i * stride + height)
            columns = slice(j * stride, j * stride + width)
            for n, c in np.ndindex(N, C):
                window = x[n, c, rows, columns]
                k = np.argmax(window)
                mask = (np.arange(window.size) == k).reshape(window.shape)
                dx[n, c, rows, columns] += mask * dout[n, c, i, j]
    return dx
