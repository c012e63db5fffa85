"""The windows are cut out of x, not of the padded x.

Easily made when the padded copy is made, and then not used.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = "is x padded"


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
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
