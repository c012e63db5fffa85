"""The gradients are counted up by position, in float64, and cast at the end."""

import numpy as np


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    place = np.zeros(dout.shape, dtype=int)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = divmod(int(window.argmax()), width)
        place[n, c, i, j] = np.ravel_multi_index((n, c, top + p, left + q), x.shape)
    dx = np.bincount(place.ravel(), dout.ravel(), minlength=x.size)
    return dx.reshape(x.shape).astype(x.dtype)
