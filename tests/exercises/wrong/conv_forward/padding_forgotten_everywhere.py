"""Padding is left out, in the size of the output as well.

Easily made by whoever postpones it and forgets.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = ("padding", "ignored")


def conv_forward_naive(x, w, b, conv_param):
    param = {"stride": conv_param["stride"], "pad": 0}
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, param)
    stride = conv_param["stride"]
    HH, WW = w.shape[2:]
    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x[n, :, top : top + HH, left : left + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)
