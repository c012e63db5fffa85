"""Slow, obvious references for the layers; they share no code with utils."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(x, HH, WW, stride):
    """View x (N, C, H, W) as windows (N, C, H_out, W_out, HH, WW)."""
    return sliding_window_view(x, (HH, WW), axis=(2, 3))[:, :, ::stride, ::stride]


def padded(x, pad):
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def conv_forward(x, w, b, stride, pad):
    view = windows(padded(x, pad), *w.shape[2:], stride)
    return np.einsum("ncijpq,fcpq->nfij", view, w) + b[:, None, None]


def conv_backward(dout, x, w, stride, pad):
    HH, WW = w.shape[2:]
    x_padded = padded(x, pad)
    dw = np.einsum("nfij,ncijpq->fcpq", dout, windows(x_padded, HH, WW, stride))
    dx_padded = np.zeros(x_padded.shape, np.result_type(dout, w))
    for p in range(HH):
        for q in range(WW):
            rows = slice(p, p + stride * (dout.shape[2] - 1) + 1, stride)
            columns = slice(q, q + stride * (dout.shape[3] - 1) + 1, stride)
            dx_padded[:, :, rows, columns] += np.einsum(
                "nfij,fc->ncij", dout, w[:, :, p, q]
            )
    H, W = x.shape[2:]
    dx = dx_padded[:, :, pad : pad + H, pad : pad + W]
    return dx, dw, dout.sum(axis=(0, 2, 3))


def max_pool_forward(x, height, width, stride):
    return windows(x, height, width, stride).max(axis=(4, 5))


def max_pool_backward(dout, x, height, width, stride):
    """Send each gradient to the first maximum of its window, row by row."""
    dx = np.zeros(x.shape, dout.dtype)
    view = windows(x, height, width, stride)
    for n, c, i, j in np.ndindex(dout.shape):
        p, q = divmod(int(view[n, c, i, j].argmax()), width)
        dx[n, c, i * stride + p, j * stride + q] += dout[n, c, i, j]
    return dx


def batchnorm_forward(x, gamma, beta, eps, axes):
    """Normalise over the given axes; gamma and beta must broadcast against x."""
    mean = x.mean(axis=axes, keepdims=True)
    var = ((x - mean) ** 2).mean(axis=axes, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta
