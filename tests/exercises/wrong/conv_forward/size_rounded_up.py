"""The size of the output is rounded up where windows do not tile the image.

Missed by the checks of the ancestors, where windows always tile.
"""

import numpy as np

CAUSE = ("tile", "rounded down")


def conv_forward_naive(x, w, b, conv_param):
    N, _, H, W = x.shape
    F = len(w)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    H_out = 1 + int(np.ceil((H + 2 * pad - HH) / stride))
    W_out = 1 + int(np.ceil((W + 2 * pad - WW) / stride))
    more = pad + stride  # enough zeros for the last window
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, more), (pad, more)))
    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x_padded[n, :, top : top + HH, left : left + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)
