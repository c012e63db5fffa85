"""The 1 + of the output's size is forgotten.

Easily made when the formula is written from memory.
"""

import numpy as np

CAUSE = ("1 +", "missing")


def conv_forward_naive(x, w, b, conv_param):
    N, _, H, W = x.shape
    F = len(w)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    H_out = (H + 2 * pad - HH) // stride
    W_out = (W + 2 * pad - WW) // stride
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x_padded[n, :, top : top + HH, left : left + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)
