"""x is not padded, and dx has the windows one padding too low.

Easily made by whoever takes x from the cache as it is.
"""

import numpy as np

CAUSE = "is x padded"


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride = conv_param["stride"]
    N, F, H_out, W_out = dout.shape
    HH, WW = w.shape[2:]
    x_padded = x
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
                    dx_padded[n, :, rows, columns] += dout[n, f, i, j] * w[f]
    return dx_padded, dw, db
