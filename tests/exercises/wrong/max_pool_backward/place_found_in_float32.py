"""The place of the maximum is looked for in float32, where near values are equal.

Easily made by converting the window once.
"""

import numpy as np

CAUSE = ("float32",)


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
                    p, q = np.unravel_index(
                        np.argmax(window.astype(np.float32)), window.shape
                    )
                    dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
