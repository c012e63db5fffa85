"""The last of equally large pixels gets the gradient."""

import numpy as np


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        k = window.size - 1 - np.argmax(window[::-1, ::-1])
        p, q = divmod(k, width)
        dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
