"""Seven loops without padding: gradients of pixels outside the image are dropped."""

import numpy as np


def conv_backward_naive(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    H, W = x.shape[2:]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros_like(b)
    for n, f, i, j in np.ndindex(dout.shape):
        db[f] += dout[n, f, i, j]
        for c, p, q in np.ndindex(w.shape[1:]):
            row, column = i * stride + p - pad, j * stride + q - pad
            if 0 <= row < H and 0 <= column < W:
                dw[f, c, p, q] += dout[n, f, i, j] * x[n, c, row, column]
                dx[n, c, row, column] += dout[n, f, i, j] * w[f, c, p, q]
    return dx, dw, db
