"""Known wrong answers for the layers, each with a sentence that names the mistake.

When a result is wrong, it is compared with what these mistakes would have given on
the same input; the first that agrees becomes the hint.  Every function returns a list
of pairs ``(explanation, function without arguments)``; the function gives the wrong
values, or None where the mistake makes no difference or no sense.
"""

from functools import partial

import numpy as np

from utils.checks import oracle

EDGE = "the border is padded with copies of the edge, expected zeros"
FLIPPED = "the filter is turned upside down and left to right (w[..., ::-1, ::-1])"
STRIDE = "the window starts at i, j: is the step missing, i * stride, j * stride?"
ROW_STRIDE = "the window's top is i, expected i * stride"
COLUMN_STRIDE = "the window's left is j, expected j * stride"
MEAN = "it is divided by N: images add up, the mean is taken in the loss"
OVERWRITTEN = "windows overlap: each pixel collects from all of them, += and not ="
SWAPPED_WINDOW = "pool_height and pool_width are exchanged"


def conv_forward(x, w, b, stride, pad):
    """Wrong values of a convolution's output."""
    C, (HH, WW) = x.shape[1], w.shape[2:]
    right = oracle.conv_forward(x, w, b, stride, pad)
    dense = partial(oracle.conv_forward, x, w, b, 1, pad)
    H_out, W_out = right.shape[2:]
    bias = b[:, None, None]

    def other(w):
        return oracle.conv_forward(x, w, b, stride, pad)

    def pad_other(mode):
        return oracle.conv_forward(oracle.pad_images(x, pad, mode), w, b, stride, 0)

    def pad_one_side(before, after):
        side = ((0, 0), (0, 0), (before, after), (before, after))
        return oracle.conv_forward(np.pad(x, side), w, b, stride, 0)

    def one_channel(c):
        return other(w * (np.arange(C) == c % C)[:, None, None])

    return [
        ("the bias b[f] is not added", lambda: right - bias),
        ("the bias is added once per channel", lambda: right + (C - 1) * bias),
        (
            "the bias is added once per product, expected once per output value",
            lambda: right + (C * HH * WW - 1) * bias,
        ),
        ("the bias of filter 0 is added for every filter", lambda: right - bias + b[0]),
        (FLIPPED, lambda: other(w[..., ::-1, ::-1])),
        (
            "rows and columns of the filter are exchanged",
            lambda: other(w.swapaxes(2, 3)) if HH == WW else None,
        ),
        (STRIDE, lambda: dense()[:, :, :H_out, :W_out]),
        (ROW_STRIDE, lambda: dense()[:, :, :H_out, ::stride]),
        (COLUMN_STRIDE, lambda: dense()[:, :, ::stride, :W_out]),
        ("only channel 0 is used, expected the sum over c", lambda: one_channel(0)),
        ("only the last channel is used: += over c, not =", lambda: one_channel(-1)),
        (EDGE, lambda: pad_other("edge")),
        (
            "all zeros are added at the bottom and right, expected pad on each side",
            lambda: pad_one_side(0, 2 * pad),
        ),
        (
            "all zeros are added at the top and left, expected pad on each side",
            lambda: pad_one_side(2 * pad, 0),
        ),
        ("every filter gave the map of filter 0", lambda: right[:, :1] + 0 * right),
    ]


def conv_shapes(x_shape, w_shape, stride, pad):
    """Wrong shapes of a convolution's output (N, F, H_out, W_out)."""
    N, _, H, W = x_shape
    F, _, HH, WW = w_shape
    H_over, W_over = H + 2 * pad - HH, W + 2 * pad - WW
    right = (1 + H_over // stride, 1 + W_over // stride)
    return [
        ("height and width are exchanged", (N, F, *right[::-1])),
        ("axis 1 counts the filters F, axis 0 the images N", (F, N, *right)),
        (
            "is the 1 of 1 + (H + 2 * pad - HH) // stride missing?",
            (N, F, right[0] - 1, right[1] - 1),
        ),
        (
            "where windows do not tile the image, the size is rounded down",
            (N, F, 1 - -H_over // stride, 1 - -W_over // stride),
        ),
        ("the stride is ignored", (N, F, 1 + H_over, 1 + W_over)),
        (
            "the padding is counted once, expected 2 * pad",
            (N, F, 1 + (H_over - pad) // stride, 1 + (W_over - pad) // stride),
        ),
        (
            "the padding is ignored",
            (N, F, 1 + (H - HH) // stride, 1 + (W - WW) // stride),
        ),
    ]


def conv_dx(dout, x, w, stride, pad):
    """Wrong values of a convolution's dx."""
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    padded = oracle.pad_images(x, pad)
    per_filter = "nfij,fcpq->ncijpq"

    def cut(dx_padded, top=pad):
        return dx_padded[:, :, top : top + H, top : top + W]

    def assigned(filters):
        spread = np.einsum(per_filter, dout[:, filters], w[filters])
        return cut(assign(spread, padded.shape, stride))

    def not_cut():
        spread = np.einsum(per_filter, dout, w)
        return cut(oracle.scatter(spread, padded.shape, HH, WW, stride), 0)

    return [
        (FLIPPED, lambda: _dx(dout, x, w[..., ::-1, ::-1], stride, pad)),
        (STRIDE, lambda: _dx(corner(dout, padded, HH, WW), x, w, 1, pad)),
        (
            "only the last filter is used: every filter adds to dx, += and not =",
            lambda: _dx(dout[:, -1:], x, w[-1:], stride, pad),
        ),
        (OVERWRITTEN, lambda: assigned(slice(None))),
        (OVERWRITTEN, lambda: assigned(slice(-1, None))),
        ("the padding is cut off at the bottom and right only", not_cut),
    ]


def conv_dx_shapes(x_shape, pad):
    """Wrong shapes of dx, where the padding is not cut off as it should be."""
    N, C, H, W = x_shape
    slack = 2 * pad
    return [
        ("the padding has to be cut off again", (N, C, H + slack, W + slack)),
        ("pad pixels are cut off, and not 1", (N, C, H + slack - 2, W + slack - 2)),
        (
            "it is empty, because the slice pad:-pad is 0:0 when pad is 0",
            (N, C, 0, 0),
        ),
    ]


def conv_dw(dout, x, w, stride, pad):
    """Wrong values of a convolution's dw."""
    padded = oracle.pad_images(x, pad)
    right = partial(_dw, dout, x, w, stride, pad)
    edge = oracle.pad_images(x, pad, "edge")
    last = np.zeros_like(dout)
    last[-1, :, -1, -1] = dout[-1, :, -1, -1]
    return [
        (FLIPPED, lambda: right()[..., ::-1, ::-1]),
        (STRIDE, lambda: _dw(corner(dout, padded, *w.shape[2:]), x, w, 1, pad)),
        (
            "only the last image counts: every image adds to dw, += and not =",
            lambda: _dw(dout[-1:], x[-1:], w, stride, pad),
        ),
        (
            "only the last window counts: every window adds to dw, += and not =",
            lambda: _dw(last, x, w, stride, pad),
        ),
        ("only image 0 counts", lambda: _dw(dout[:1], x[:1], w, stride, pad)),
        (MEAN, lambda: right() / len(x)),
        (EDGE, lambda: _dw(dout, edge, w, stride, 0)),
    ]


def conv_db(dout):
    """Wrong values of a convolution's db."""
    plus = "every n, i, j adds to db, += and not ="
    return [
        (f"only the last image counts: {plus}", lambda: dout[-1].sum(axis=(1, 2))),
        (f"only the last output value counts: {plus}", lambda: dout[-1, :, -1, -1]),
        ("only image 0 counts", lambda: dout[0].sum(axis=(1, 2))),
        (MEAN, lambda: dout.sum(axis=(0, 2, 3)) / len(dout)),
    ]


def conv_db_shapes(dout_shape):
    """Wrong shapes of db, where the sum runs over the wrong axes."""
    N, F, H_out, W_out = dout_shape
    axes = "the sum runs over the axes 0, 2 and 3 of dout"
    shapes = [(F, H_out, W_out), (N, F), (H_out, W_out), (H_out,), (W_out,), (N,), ()]
    return [(axes, shape) for shape in shapes]


def max_pool_forward(x, height, width, stride):
    """Wrong values of max pooling's output."""
    right = oracle.max_pool_forward(x, height, width, stride)
    H_out, W_out = right.shape[2:]
    view = oracle.windows(x, height, width, stride)
    dense = partial(oracle.max_pool_forward, x, height, width, 1)

    def exchanged():
        fits = width <= x.shape[2] and height <= x.shape[3]
        return oracle.max_pool_forward(x, width, height, stride) if fits else None

    return [
        (
            "negative values become 0: start from the first value of the window or "
            "from -inf, not from 0",
            lambda: np.maximum(right, 0),
        ),
        ("this is the mean of the window", lambda: view.mean(axis=(4, 5))),
        ("this is the minimum of the window", lambda: view.min(axis=(4, 5))),
        ("this is the sum of the window", lambda: view.sum(axis=(4, 5))),
        ("this is the largest absolute value", lambda: np.abs(view).max(axis=(4, 5))),
        (
            "the maximum is taken over all channels, expected each by itself",
            lambda: right.max(axis=1, keepdims=True) + 0 * right,
        ),
        (STRIDE, lambda: dense()[:, :, :H_out, :W_out]),
        (ROW_STRIDE, lambda: dense()[:, :, :H_out, ::stride]),
        (COLUMN_STRIDE, lambda: dense()[:, :, ::stride, :W_out]),
        (SWAPPED_WINDOW, exchanged),
    ]


def max_pool_shapes(x_shape, height, width, stride):
    """Wrong shapes of max pooling's output (N, C, H_out, W_out)."""
    N, C, H, W = x_shape
    right = (1 + (H - height) // stride, 1 + (W - width) // stride)
    return [
        ("height and width are exchanged", (N, C, *right[::-1])),
        (
            "is the 1 of 1 + (H - pool_height) // stride missing?",
            (N, C, right[0] - 1, right[1] - 1),
        ),
        (
            "where windows do not tile the image, the size is rounded down",
            (N, C, 1 - -(H - height) // stride, 1 - -(W - width) // stride),
        ),
        ("the step is the stride, not the window", (N, C, H // height, W // width)),
        ("the stride is ignored", (N, C, 1 + H - height, 1 + W - width)),
        (SWAPPED_WINDOW, (N, C, 1 + (H - width) // stride, 1 + (W - height) // stride)),
        ("every channel is pooled by itself", (N, *right)),
    ]


def max_pool_dx(dout, x, height, width, stride):
    """Wrong values of max pooling's dx."""
    view = oracle.windows(x, height, width, stride)
    is_top = view == view.max(axis=(4, 5), keepdims=True)
    is_bottom = view == view.min(axis=(4, 5), keepdims=True)
    incoming = np.broadcast_to(dout[..., None, None], view.shape)

    def spread(values):
        return oracle.scatter(values, x.shape, height, width, stride)

    def unstrided():
        dense = corner(dout, x, height, width)
        return oracle.max_pool_backward(dense, x, height, width, 1)

    return [
        (OVERWRITTEN, lambda: assign(incoming * is_top, x.shape, stride)),
        (OVERWRITTEN, lambda: assign(incoming * is_top, x.shape, stride, is_top)),
        (
            "every pixel of the window gets the gradient, expected the largest only",
            lambda: spread(incoming),
        ),
        (
            "the gradient is shared by all pixels of the window, expected the largest "
            "to get it all",
            lambda: spread(incoming / (height * width)),
        ),
        (
            "the largest pixels get 1, expected dout",
            lambda: spread(is_top.astype(np.float64)),
        ),
        (
            "the largest pixels get their own value times dout, expected dout",
            lambda: spread(incoming * np.where(is_top, view, 0)),
        ),
        (
            "the gradient goes to the smallest value of the window",
            lambda: spread(incoming * is_bottom),
        ),
        (STRIDE, unstrided),
    ]


def assign(values, shape, stride, mask=None):
    """Like `oracle.scatter`, but windows overwrite each other instead of adding.

    With a mask, each window writes only where the mask is true.
    """
    size = int(np.prod(shape))
    HH, WW = values.shape[4:]
    read_from = oracle.windows(np.arange(size).reshape(shape), HH, WW, stride)
    mask = np.ones(values.shape, bool) if mask is None else mask
    flat = np.zeros(size)
    flat[read_from[mask]] = values[mask]  # numpy keeps the last one
    return flat.reshape(shape)


def corner(dout, x, HH, WW):
    """Put dout into the top left corner of the output that stride 1 would have."""
    dense = np.zeros((*dout.shape[:2], x.shape[2] - HH + 1, x.shape[3] - WW + 1))
    dense[:, :, : dout.shape[2], : dout.shape[3]] = dout
    return dense


def _dx(*arguments):
    return oracle.conv_backward(*arguments)[0]


def _dw(*arguments):
    return oracle.conv_backward(*arguments)[1]
