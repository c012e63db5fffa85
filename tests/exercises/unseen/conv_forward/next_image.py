"""Every image gets the output of the next one.

Easily made by an index that is off by one and wraps around.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = ("images", "order")


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        window = x_padded[n - N + 1, :, top : top + HH, left : left + WW]
        out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)
