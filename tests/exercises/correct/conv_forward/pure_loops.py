"""Seven loops and plain Python numbers, without np.pad: windows skip the border."""

import numpy as np


def conv_forward_naive(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    (N, C, H, W), (F, _, HH, WW) = x.shape, w.shape
    H_out, W_out = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    out = np.empty((N, F, H_out, W_out), dtype=x.dtype)
    for n, f, i, j in np.ndindex(out.shape):
        total = float(b[f])
        for c in range(C):
            for p in range(HH):
                for q in range(WW):
                    row, column = i * stride + p - pad, j * stride + q - pad
                    if 0 <= row < H and 0 <= column < W:
                        total += float(x[n, c, row, column]) * float(w[f, c, p, q])
        out[n, f, i, j] = total
    return out, (x, w, b, conv_param)
