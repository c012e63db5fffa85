"""Windows that stick out of the image are skipped and stay zero.

Easily made by whoever avoids the padding with an if.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = ("border", "padding")


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    H, W = x.shape[2:]
    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride - pad, j * stride - pad
                    bottom, right = top + HH, left + WW
                    if min(top, left) < 0 or bottom > H or right > W:
                        continue
                    window = x[n, :, top:bottom, left:right]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)
