"""The size is rounded up: windows that stick out are pooled as well.

Easily made with np.ceil; the definition here, as in every framework, rounds down.
"""

import numpy as np

CAUSE = ("rounded", "down")


def max_pool_forward_naive(x, pool_param):
    N, C, H, W = x.shape
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    H_out = int(np.ceil((H - height) / stride)) + 1
    W_out = int(np.ceil((W - width) / stride)) + 1
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for i in range(H_out):
        for j in range(W_out):
            window = x[:, :, i * stride :, j * stride :][:, :, :height, :width]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)
