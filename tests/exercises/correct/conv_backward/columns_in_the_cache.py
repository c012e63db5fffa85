"""im2col: the forward pass caches the columns, np.add.at scatters their gradient."""

import numpy as np

from utils.shapes import conv_output_shape


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    c, p, q = np.indices(w.shape[1:]).reshape(3, -1, 1)
    i, j = np.indices((H_out, W_out)).reshape(2, 1, -1) * stride
    place = (slice(None), c, p + i, q + j)
    columns = x_padded[place]  # (N, C * HH * WW, H_out * W_out)
    out = (w.reshape(F, -1) @ columns + b[:, None]).reshape(N, F, H_out, W_out)
    return out, (columns, place, w, x.shape, x_padded.shape)


def conv_backward_naive(dout, cache):
    columns, place, w, x_shape, padded_shape = cache
    N, F = dout.shape[:2]
    dout = dout.reshape(N, F, -1)
    dx_padded = np.zeros(padded_shape, columns.dtype)
    np.add.at(dx_padded, place, w.reshape(F, -1).T @ dout)
    pad = (padded_shape[2] - x_shape[2]) // 2
    H, W = x_shape[2:]
    dw = np.einsum("nfk,nlk->fl", dout, columns).reshape(w.shape)
    return dx_padded[:, :, pad : H + pad, pad : W + pad], dw, dout.sum(axis=(0, 2))
