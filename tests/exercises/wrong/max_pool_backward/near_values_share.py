"""Values that np.isclose calls equal share the gradient with the largest.

Easily made by those who never compare floats with ==.
"""

import numpy as np

CAUSE = ("nearly",)


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    N, C, H_out, W_out = dout.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x[n, c, top : top + height, left : left + width]
                    mask = np.isclose(window, window.max())
                    place = dx[n, c, top : top + height, left : left + width]
                    place += mask * dout[n, c, i, j] / mask.sum()
    return dx
