"""im2col by arrays of indices; the cache is a dict with the columns in it."""

import numpy as np

from utils.shapes import conv_output_shape


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    C, HH, WW = w.shape[1:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    c, p, q = np.indices((C, HH, WW)).reshape(3, -1, 1)
    i, j = np.indices((H_out, W_out)).reshape(2, 1, -1) * stride
    columns = x_padded[:, c, p + i, q + j]  # (N, C * HH * WW, H_out * W_out)
    out = w.reshape(F, -1) @ columns + b[:, None]
    cache = {"columns": columns, "x": x, "w": w, "conv_param": conv_param}
    return out.reshape(N, F, H_out, W_out), cache
