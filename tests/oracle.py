"""Slow, obvious references for the layers; they share no code with utils.

Convolution goes tap by tap over the filter and its backward pass the same way, without
`windows`: a second witness beside `utils.checks.oracle`, which has no loop at all.
"""

from functools import reduce

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(x, HH, WW, stride):
    """View x (N, C, H, W) as windows (N, C, H_out, W_out, HH, WW)."""
    return sliding_window_view(x, (HH, WW), axis=(2, 3))[:, :, ::stride, ::stride]


def padded(x, pad):
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def taps(x, HH, WW, stride):
    """Yield each tap (p, q) and a view (N, C, H_out, W_out) of all pixels under it."""
    H, W = x.shape[2:]
    for p, q in np.ndindex(HH, WW):
        yield p, q, x[:, :, p : p + H - HH + 1 : stride, q : q + W - WW + 1 : stride]


def conv_forward(x, w, b, stride, pad):
    out = b[:, None, None]
    for p, q, pixels in taps(padded(x, pad), *w.shape[2:], stride):
        out = out + np.einsum("ncij,fc->nfij", pixels, w[:, :, p, q])
    return out


def conv_backward(dout, x, w, stride, pad):
    HH, WW = w.shape[2:]
    dw = np.zeros(w.shape, np.result_type(dout, x))
    for p, q, pixels in taps(padded(x, pad), HH, WW, stride):
        dw[:, :, p, q] = np.einsum("nfij,ncij->fc", dout, pixels)
    dx_padded = padded(np.zeros(x.shape, np.result_type(dout, w)), pad)
    for p, q, pixels in taps(dx_padded, HH, WW, stride):
        pixels += np.einsum("nfij,fc->ncij", dout, w[:, :, p, q])
    H, W = x.shape[2:]
    dx = dx_padded[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def max_pool_forward(x, height, width, stride):
    return reduce(np.maximum, (pixels for *_, pixels in taps(x, height, width, stride)))


def max_pool_backward(dout, x, height, width, stride):
    """Send each gradient to the first maximum of its window, row by row."""
    dx = np.zeros(x.shape, dout.dtype)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, c, top : top + height, left : left + width]
        p, q = divmod(int(window.argmax()), width)
        dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx


def batchnorm_forward(x, gamma, beta, eps, axes):
    """Normalise over the given axes; gamma and beta must broadcast against x."""
    mean = x.mean(axis=axes, keepdims=True)
    var = ((x - mean) ** 2).mean(axis=axes, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta
