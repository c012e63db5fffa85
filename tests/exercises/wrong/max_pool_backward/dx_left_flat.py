"""dx keeps the shape (N, C, H * W), in which the gradients were added.

Easily made by those who work with flat indices and forget the last reshape.
"""

import numpy as np

CAUSE = ("dx has shape", "height and width")


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    N, C, H_out, W_out = dout.shape
    H, W = x.shape[2:]
    dx = np.zeros((N, C, H * W), dtype=x.dtype)
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x[n, c, top : top + height, left : left + width]
                    p, q = np.unravel_index(np.argmax(window), window.shape)
                    dx[n, c, (top + p) * W + left + q] += dout[n, c, i, j]
    return dx
