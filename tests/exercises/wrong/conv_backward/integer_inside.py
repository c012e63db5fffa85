"""dx is collected in an array of integers and converted back at the end.

Easily made by whoever looks at examples of whole numbers.
"""

import numpy as np

CAUSE = ("dx", "fraction")


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F, H_out, W_out = dout.shape
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx_padded = np.zeros(x_padded.shape, np.int64)
    dw, db = np.zeros_like(w), np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    rows = slice(i * stride, i * stride + HH)
                    columns = slice(j * stride, j * stride + WW)
                    db[f] += dout[n, f, i, j]
                    dw[f] += dout[n, f, i, j] * x_padded[n, :, rows, columns]
                    window = dx_padded[n, :, rows, columns]
                    dx_padded[n, :, rows, columns] = window + dout[n, f, i, j] * w[f]
    return dx_padded[:, :, pad : pad + H, pad : pad + W].astype(x.dtype), dw, db
