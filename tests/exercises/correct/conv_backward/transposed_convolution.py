"""dx as a convolution of the spread dout with the turned filters; dw likewise."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def conv_backward_naive(dout, cache):
    x, w, _, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    H, W = x.shape[2] + 2 * pad, x.shape[3] + 2 * pad
    HH, WW = w.shape[2:]
    spread = np.zeros((*dout.shape[:2], H - HH + 1, W - WW + 1), dout.dtype)
    spread[:, :, ::stride, ::stride] = dout
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    view = sliding_window_view(x_padded, spread.shape[2:], axis=(2, 3))
    dw = np.einsum("nfij,ncpqij->fcpq", spread, view)
    spread = np.pad(spread, ((0, 0), (0, 0), (HH - 1, HH - 1), (WW - 1, WW - 1)))
    view = sliding_window_view(spread, (HH, WW), axis=(2, 3))
    dx = np.einsum("nfijpq,fcpq->ncij", view, w[:, :, ::-1, ::-1])
    return dx[:, :, pad : H - pad, pad : W - pad], dw, dout.sum((0, 2, 3))
