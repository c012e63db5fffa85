"""The padding is 1, whatever conv_param says.

Easily made by whoever writes the function for the example in the notebook.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = ("padding", "not pad")


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride = conv_param["stride"]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x_padded[n, :, top : top + HH, left : left + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)
