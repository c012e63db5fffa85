"""The output is added to what np.empty happened to find in memory.

Easily made by whoever replaces zeros by the quicker empty.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = "np.empty"


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.empty((N, F, H_out, W_out), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        for c in range(x.shape[1]):
            window = x_padded[n, c, top : top + HH, left : left + WW]
            out[n, f, i, j] += np.sum(window * w[f, c])
        out[n, f, i, j] += b[f]
    return out, (x, w, b, conv_param)
