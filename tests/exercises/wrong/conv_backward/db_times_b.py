"""db has a factor b.

Easily made by treating the bias as a weight.
"""

import numpy as np

CAUSE = ("db", "factor")


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx_padded = np.zeros_like(x_padded)
    dw, db = np.zeros_like(w), np.zeros_like(b)
    for n, f, i, j in np.ndindex(dout.shape):
        rows = slice(i * stride, i * stride + HH)
        columns = slice(j * stride, j * stride + WW)
        db[f] += b[f] * dout[n, f, i, j]
        dw[f] += dout[n, f, i, j] * x_padded[n, :, rows, columns]
        dx_padded[n, :, rows, columns] += dout[n, f, i, j] * w[f]
    dx = dx_padded[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, db
