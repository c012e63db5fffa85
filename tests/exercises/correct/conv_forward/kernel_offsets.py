"""One loop over the pixels of the filter; each adds a matrix product of channels."""

import numpy as np

from utils.shapes import conv_output_shape


def conv_forward_naive(x, w, b, conv_param):
    shape = conv_output_shape(x.shape, w.shape, conv_param)
    s, pad = conv_param["stride"], conv_param["pad"]
    H_out, W_out = shape[2:]
    x_padded = np.zeros(
        (*x.shape[:2], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad), x.dtype
    )
    x_padded[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]] = x
    out = np.zeros(shape, x.dtype) + b[:, None, None]
    for p in range(w.shape[2]):
        for q in range(w.shape[3]):
            pixels = x_padded[:, :, p : p + s * H_out : s, q : q + s * W_out : s]
            out += np.einsum("ncij,fc->nfij", pixels, w[:, :, p, q])
    return out, (x, w, b, conv_param)
