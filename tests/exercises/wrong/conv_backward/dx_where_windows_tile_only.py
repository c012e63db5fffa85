"""dx ends with the last window, even where pixels are left over behind it.

In one of 43 published solutions.
"""

import numpy as np

CAUSE = ("dx", "left over", "tile")


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F, H_out, W_out = dout.shape
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    H_used, W_used = (H_out - 1) * stride + HH, (W_out - 1) * stride + WW
    dx_padded = np.zeros((N, x.shape[1], H_used, W_used), dtype=x.dtype)
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
    return dx_padded[:, :, pad : pad + H, pad : pad + W], dw, db
