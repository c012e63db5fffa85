"""Plain loops down to the pixel, with a comparison that lets NaN through."""

import numpy as np

from utils.shapes import pool_output_shape


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.empty((N, C, H_out, W_out), dtype=x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        best = x[n, c, i * stride, j * stride]
        for p in range(height):
            for q in range(width):
                value = x[n, c, i * stride + p, j * stride + q]
                if value > best or np.isnan(value):
                    best = value
                if np.isnan(best):
                    break
        out[n, c, i, j] = best
    return out, (x, pool_param)
