"""im2col by stride tricks: the columns are a copy of a view with repeated pixels."""

import numpy as np
from numpy.lib.stride_tricks import as_strided


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    F, C, HH, WW = w.shape
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    N, _, H, W = x_padded.shape
    H_out, W_out = 1 + (H - HH) // stride, 1 + (W - WW) // stride
    n, c, h, v = x_padded.strides
    columns = as_strided(
        x_padded,
        shape=(N, H_out, W_out, C, HH, WW),
        strides=(n, h * stride, v * stride, c, h, v),
    ).reshape(N * H_out * W_out, -1)
    out = columns.dot(w.reshape(F, -1).T) + b
    return out.reshape(N, H_out, W_out, F).transpose(0, 3, 1, 2), (x, columns, w)
