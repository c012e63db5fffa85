"""One loop over the pixels of the filter; the cache is a dict with the padded x."""

import numpy as np

from utils.shapes import conv_output_shape


def conv_forward_naive(x, w, b, conv_param):
    shape = conv_output_shape(x.shape, w.shape, conv_param)
    s, pad = conv_param["stride"], conv_param["pad"]
    H_out, W_out = shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    out = np.zeros(shape, x.dtype) + b[:, None, None]
    for p, q in np.ndindex(w.shape[2:]):
        pixels = x_padded[:, :, p : p + s * H_out : s, q : q + s * W_out : s]
        out += np.einsum("ncij,fc->nfij", pixels, w[:, :, p, q])
    return out, {"x_padded": x_padded, "w": w, "stride": s, "pad": pad}


def conv_backward_naive(dout, cache):
    x_padded, w, s, pad = (cache[key] for key in ("x_padded", "w", "stride", "pad"))
    H_out, W_out = dout.shape[2:]
    dx_padded, dw = np.zeros_like(x_padded), np.zeros_like(w)
    for p, q in np.ndindex(w.shape[2:]):
        place = np.s_[:, :, p : p + s * H_out : s, q : q + s * W_out : s]
        dw[:, :, p, q] = np.tensordot(dout, x_padded[place], ([0, 2, 3], [0, 2, 3]))
        dx_padded[place] += np.einsum("nfij,fc->ncij", dout, w[:, :, p, q])
    H, W = x_padded.shape[2:]
    return dx_padded[:, :, pad : H - pad, pad : W - pad], dw, dout.sum(axis=(0, 2, 3))
