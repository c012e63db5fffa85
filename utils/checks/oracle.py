"""The right answers: slow references that share no code with the layers.

Convolution and pooling are written with windows as an extra pair of axes, and their
backward passes with the position every window value was read from, so they have
neither the loops of the exercises nor the kernels of the fast layers.  Whole numbers
in float64 stay exact.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(x, HH, WW, stride):
    """View ``x`` (N, C, H, W) as windows (N, C, H_out, W_out, HH, WW)."""
    view = sliding_window_view(x, (HH, WW), axis=(2, 3))
    return view[:, :, ::stride, ::stride]


def pad_images(x, pad):
    """Add ``pad`` zeros on each side of every image."""
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))


def scatter(values, shape, HH, WW, stride):
    """Add window values back to the pixels they were read from.

    The transpose of `windows`: ``values`` is (N, C, H_out, W_out, HH, WW), the result
    has the given shape (N, C, H, W).
    """
    size = int(np.prod(shape))
    read_from = windows(np.arange(size).reshape(shape), HH, WW, stride)
    return np.bincount(read_from.ravel(), values.ravel(), size).reshape(shape)


def conv_forward(x, w, b, stride, pad):
    """Return the output (N, F, H_out, W_out) of a convolution."""
    view = windows(pad_images(x, pad), *w.shape[2:], stride)
    return np.einsum("ncijpq,fcpq->nfij", view, w) + b[:, None, None]


def conv_backward(dout, x, w, stride, pad):
    """Return ``dx, dw, db`` of a convolution."""
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    x_padded = pad_images(x, pad)
    dw = np.einsum("nfij,ncijpq->fcpq", dout, windows(x_padded, HH, WW, stride))
    spread = np.einsum("nfij,fcpq->ncijpq", dout, w)
    dx = scatter(spread, x_padded.shape, HH, WW, stride)
    return dx[:, :, pad : pad + H, pad : pad + W], dw, dout.sum(axis=(0, 2, 3))


def max_pool_forward(x, height, width, stride):
    """Return the output (N, C, H_out, W_out) of max pooling; NaN stays NaN."""
    return windows(x, height, width, stride).max(axis=(4, 5))


def max_pool_backward(dout, x, height, width, stride):
    """Return ``dx`` of max pooling; a tie goes to the first maximum, row by row."""
    view = windows(x, height, width, stride)
    flat = view.reshape(*dout.shape, height * width)
    first = flat.argmax(axis=-1)[..., None] == np.arange(height * width)
    share = dout[..., None] * first  # (N, C, H_out, W_out, height * width)
    return scatter(share.reshape(view.shape), x.shape, height, width, stride)


def normalise(x, gamma, beta, eps, axes, mean=None, var=None):
    """Batch normalisation over any axes, with given statistics or its own.

    ``gamma`` and ``beta`` must broadcast against ``x``.
    """
    mean = x.mean(axis=axes, keepdims=True) if mean is None else mean
    var = ((x - mean) ** 2).mean(axis=axes, keepdims=True) if var is None else var
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


def normalise_backward(dout, x, gamma, eps, axes):
    """Return ``dx, dout * x_hat`` for `normalise` with its own statistics.

    The derivative through ``x_hat``, ``var`` and ``mean`` step by step, as in the
    paper, and not in simplified form.
    """
    M = np.prod([x.shape[axis] for axis in axes])
    centred = x - x.mean(axis=axes, keepdims=True)
    var = (centred**2).mean(axis=axes, keepdims=True)
    dx_hat = dout * gamma
    dvar = -0.5 * (dx_hat * centred).sum(axis=axes, keepdims=True) / (var + eps) ** 1.5
    dmean = -dx_hat.sum(axis=axes, keepdims=True) / np.sqrt(var + eps)
    dx = dx_hat / np.sqrt(var + eps) + 2 * dvar * centred / M + dmean / M
    return dx, dout * centred / np.sqrt(var + eps)
