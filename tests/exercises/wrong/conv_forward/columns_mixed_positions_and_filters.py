"""The product's (N, H_out, W_out, F) is reshaped to (N, F, H_out, W_out).

Easily made with im2col: a reshape makes the right shape, but mixes positions and
filters.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = ("reshaped", "transpose")


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = []
    for n in range(N):
        for i in range(0, H_out * stride, stride):
            for j in range(0, W_out * stride, stride):
                windows.append(x_padded[n, :, i : i + HH, j : j + WW].ravel())
    columns = np.array(windows).T  # (C * HH * WW, N * H_out * W_out)
    out = columns.T @ w.reshape(F, -1).T + b
    out = out.reshape(N, F, H_out, W_out)
    return out, (x, w, b, conv_param)
