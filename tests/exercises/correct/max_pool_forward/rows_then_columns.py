"""The maximum of each window's columns, and then of those: two passes."""

import numpy as np

from utils.shapes import pool_output_shape


def max_pool_forward_naive(x, pool_param):
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    tall = [x[:, :, i * stride : i * stride + height].max(axis=2) for i in range(H_out)]
    tall = np.stack(tall, axis=2)  # (N, C, H_out, W)
    out = [tall[..., j * stride : j * stride + width].max(axis=3) for j in range(W_out)]
    return np.stack(out, axis=3), (x, pool_param)
