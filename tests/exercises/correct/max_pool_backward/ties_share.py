"""A mask of all maxima, which share the gradient equally."""

import numpy as np


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    N, C, H_out, W_out = dout.shape
    for i in range(H_out):
        for j in range(W_out):
            rows = slice(i * stride, i * stride + height)
            columns = slice(j * stride, j * stride + width)
            window = x[:, :, rows, columns]
            mask = window == window.max(axis=(2, 3), keepdims=True)
            share = dout[:, :, i, j, None, None] / mask.sum((2, 3), keepdims=True)
            dx[:, :, rows, columns] += mask * share.astype(x.dtype)
    return dx
