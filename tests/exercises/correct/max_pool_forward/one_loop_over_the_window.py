"""One loop over the pixels of a window: shifted images, and the larger of each two."""

import numpy as np

from utils.shapes import pool_output_shape


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.full((N, C, H_out, W_out), -np.inf, dtype=x.dtype)
    for p, q in np.ndindex(height, width):
        bottom, right = p + stride * (H_out - 1) + 1, q + stride * (W_out - 1) + 1
        out = np.maximum(out, x[:, :, p:bottom:stride, q:right:stride])
    return out, (x, out, pool_param)
