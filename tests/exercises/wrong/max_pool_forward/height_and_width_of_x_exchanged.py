"""The image's height and width are read in the wrong order.

Easily made (W, H as in image libraries) and never seen on square images.
"""

import numpy as np

CAUSE = ("height", "width", "exchanged")


def max_pool_forward_naive(x, pool_param):
    N, C, W, H = x.shape
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    H_out = 1 + (H - height) // stride
    W_out = 1 + (W - width) // stride
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    for n, c, i, j in np.ndindex(out.shape):
        window = x[n, c, i * stride :, j * stride :][:height, :width]
        out[n, c, i, j] = window.max() if window.size else 0
    return out, (x, pool_param)
