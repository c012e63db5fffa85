"""dx is built in the memory of x, which belongs to the caller and to the cache.

Easily made by whoever wants to save an array.
"""

import numpy as np

CAUSE = "changed x"


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    pixels = []
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        pixels.append((n, c, top + p, left + q))
    dx = x
    dx[...] = 0
    for pixel, value in zip(pixels, dout.ravel(), strict=True):
        dx[pixel] += value
    return dx
