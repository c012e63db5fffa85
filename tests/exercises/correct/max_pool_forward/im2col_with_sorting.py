"""Windows as columns of a matrix, sorted: the last is the maximum (NaN sorts last)."""

import numpy as np


def max_pool_forward_naive(x, pool_param):
    height, width, stride = (
        pool_param[name] for name in ("pool_height", "pool_width", "stride")
    )
    N, C, H, W = x.shape
    H_out, W_out = (H - height) // stride + 1, (W - width) // stride + 1
    i, j, p, q = np.ogrid[:H_out, :W_out, :height, :width]
    pixels = (i * stride + p) * W + j * stride + q  # place of each value in an image
    columns = x.reshape(N * C, H * W)[:, pixels.reshape(-1, height * width)]
    out = np.sort(columns.astype(np.float64), axis=-1)[..., -1]
    return out.reshape(N, C, H_out, W_out).astype(x.dtype), (x.copy(), dict(pool_param))
