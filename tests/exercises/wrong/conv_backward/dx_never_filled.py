"""dx is returned as the zeros it was created with.

Easily made where the loop adds to a copy of a slice.
"""

import numpy as np

CAUSE = ("dx", "is zero")


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
                    window = dx_padded[n, :, rows, columns].copy()
                    window += dout[n, f, i, j] * w[f]
    return dx_padded[:, :, pad : pad + H, pad : pad + W], dw, db
