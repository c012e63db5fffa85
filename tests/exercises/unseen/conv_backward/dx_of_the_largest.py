"""Where windows overlap, dx keeps the largest share and not the sum.

Easily made by those who have just written the pooling.
"""

import numpy as np

CAUSE = ("dx", "overlap")


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
        db[f] += dout[n, f, i, j]
        dw[f] += dout[n, f, i, j] * x_padded[n, :, rows, columns]
        part = dx_padded[n, :, rows, columns]
        np.maximum(part, dout[n, f, i, j] * w[f], out=part)
    dx = dx_padded[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, db
