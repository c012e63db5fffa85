"""Images that the windows do not tile are refused.

Backward passes fail there in 3 of 43 published solutions; an assert in the forward
pass is as easily made.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = "windows that do not tile"


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    H, W = x.shape[2:]
    assert (H + 2 * pad - HH) % stride == 0
    assert (W + 2 * pad - WW) % stride == 0
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
