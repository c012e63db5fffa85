"""dout is reshaped to (F, -1) without moving the filters to the front.

Easily made with im2col: a reshape makes the right shape, but mixes images and
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
    out = w.reshape(F, -1) @ columns + b[:, None]
    out = out.reshape(F, N, H_out, W_out).transpose(1, 0, 2, 3)
    return out, (x.shape, columns, w, conv_param)


def conv_backward_naive(dout, cache):
    x_shape, columns, w, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, C, H, W), (F, _, HH, WW) = x_shape, w.shape
    H_out, W_out = dout.shape[2:]
    rows = dout.reshape(F, -1)
    dw = (rows @ columns.T).reshape(w.shape)
    dx_columns = (w.reshape(F, -1).T @ rows).T.reshape(N, H_out, W_out, C, HH, WW)
    dx_padded = np.zeros((N, C, H + 2 * pad, W + 2 * pad), dtype=dout.dtype)
    for n, i, j in np.ndindex(N, H_out, W_out):
        top, left = i * stride, j * stride
        window = dx_padded[n, :, top : top + HH, left : left + WW]
        window += dx_columns[n, i, j]
    return dx_padded[:, :, pad : pad + H, pad : pad + W], dw, rows.sum(axis=1)
