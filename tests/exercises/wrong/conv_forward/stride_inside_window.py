"""The stride is the step between the pixels of a window, not between windows.

Easily made by whoever mixes up stride and dilation.
"""

import numpy as np

from utils.shapes import conv_output_shape

CAUSE = ("stride", "inside the window")


def conv_forward_naive(x, w, b, conv_param):
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        total = b[f]
        for c in range(x.shape[1]):
            for p in range(HH):
                for q in range(WW):
                    pixel = x_padded[n, c, i + p * stride, j + q * stride]
                    total += pixel * w[f, c, p, q]
        out[n, f, i, j] = total
    return out, (x, w, b, conv_param)
