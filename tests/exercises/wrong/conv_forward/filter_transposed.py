"""Rows and columns of the filter are exchanged.

Easily made where w is read as (F, C, WW, HH).
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = ("filter", "rows", "columns", "exchanged")


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        total = b[f]
        for c in range(x.shape[1]):
            for p in range(HH):
                for q in range(WW):
                    pixel = x_padded[n, c, i * stride + p, j * stride + q]
                    total += pixel * w[f, c, q, p]
        out[n, f, i, j] = total
    return out, (x, w, b, conv_param)
