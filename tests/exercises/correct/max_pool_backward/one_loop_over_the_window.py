"""One loop over the offsets in a window: the first that holds the maximum gets it."""

import numpy as np


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    stride = pool_param["stride"]
    last_i, last_j = (stride * (size - 1) for size in dout.shape[2:])
    places = [
        np.s_[:, :, p : p + last_i + 1 : stride, q : q + last_j + 1 : stride]
        for p in range(pool_param["pool_height"])
        for q in range(pool_param["pool_width"])
    ]
    largest = np.maximum.reduce([x[place] for place in places])
    dx, left_over = np.zeros_like(x), dout
    for place in places:
        here = np.where(x[place] == largest, left_over, 0)
        dx[place] += here
        left_over = left_over - here
    return dx
