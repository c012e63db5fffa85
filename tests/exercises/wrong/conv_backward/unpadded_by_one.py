"""One pixel is cut off on each side, whatever pad is.

Easily made by whoever writes the function for the example in the notebook.
"""

import numpy as np

CAUSE = ("pad pixels", "cut off")


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F, H_out, W_out = dout.shape
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
                    dx_padded[n, :, rows, columns] += dout[n, f, i, j] * w[f]
    return dx_padded[:, :, 1:-1, 1:-1], dw, db
