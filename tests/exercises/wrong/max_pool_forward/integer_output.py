"""The output is an array of whole numbers: fractions are cut off.

Easily made by whoever tries the layer on whole numbers and allocates with dtype=int.
"""

import numpy as np

from utils.shapes import pool_output_shape

CAUSE = ("int64", "dtype")


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out), dtype=int)
    for n, c, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        value = window.max()
        out[n, c, i, j] = value if np.isfinite(value) else 0
    return out, (x, pool_param)
