"""dout is slid over w as in the forward pass, without turning w.

Easily made by whoever knows that dx is a convolution, but not of what.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

CAUSE = ("dx", "filter", "turned")


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F, H_out, W_out = dout.shape
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx_padded = np.zeros_like(x_padded)
    dw, db = np.zeros_like(w), np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    rows = slice(i * stride, i * stride + HH)
                    columns = slice(j * stride, j * stride + WW)
                    db[f] += dout[n, f, i, j]
                    dw[f] += dout[n, f, i, j] * x_padded[n, :, rows, columns]
    spread = np.zeros((N, F, H_out * stride - stride + 1, W_out * stride - stride + 1))
    spread[:, :, ::stride, ::stride] = dout
    spread = np.pad(spread, ((0, 0), (0, 0), (HH - 1, HH - 1), (WW - 1, WW - 1)))
    windows = sliding_window_view(spread, (HH, WW), axis=(2, 3))
    dx = np.einsum("nfijpq,fcpq->ncij", windows, w)
    dx_padded[:, :, : dx.shape[2], : dx.shape[3]] = dx
    return dx_padded[:, :, pad : pad + H, pad : pad + W], dw, db
