"""Folded and unfolded where windows tile the image, loops elsewhere."""

import numpy as np


def max_pool_backward_naive(dout, cache):
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    dx = np.zeros_like(x)
    N, C, H_out, W_out = dout.shape
    if (H_out * height, W_out * width) == x.shape[2:] and height == width == stride:
        tiles = x.reshape(N, C, H_out, height, W_out, width)
        mask = tiles == tiles.max(axis=(3, 5), keepdims=True)
        share = dout[:, :, :, None, :, None] / mask.sum(axis=(3, 5), keepdims=True)
        return (mask * share).reshape(x.shape).astype(x.dtype)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = np.unravel_index(np.argmax(window), window.shape)
        dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
