"""The sum is collected in an array of integers and converted back at the end.

Easily made by whoever looks at examples of whole numbers.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = ("fraction", "int")


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, H_out, W_out), dtype=np.int64)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x_padded[n, :, top : top + HH, left : left + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out.astype(x.dtype), (x, w, b, conv_param)
