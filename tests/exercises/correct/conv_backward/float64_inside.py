"""Computes in float64 whatever comes in, and returns each gradient in its dtype."""

import numpy as np


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx, dw = np.zeros(x_padded.shape), np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows = slice(i * stride, i * stride + HH)
            columns = slice(j * stride, j * stride + WW)
            g = dout[:, :, i, j].astype(np.float64)
            dw += np.tensordot(g.T, x_padded[:, :, rows, columns], axes=1)
            dx[:, :, rows, columns] += np.tensordot(g, w, axes=1)
    dx = dx[:, :, pad : pad + H, pad : pad + W]
    db = dout.sum(axis=(0, 2, 3), dtype=np.float64)
    return dx.astype(x.dtype), dw.astype(w.dtype), db.astype(b.dtype)
