"""Known wrong answers for convolution: see `mistakes`."""

from functools import partial

import numpy as np

from utils.checks import oracle
from utils.checks.mistakes import (
    COLUMN_STRIDE,
    OVERWRITTEN,
    ROW_STRIDE,
    STRIDE,
    assign,
    corner,
)

EDGE = "the border is padded with copies of the edge, expected zeros"
FLIPPED = "the filter is turned upside down and left to right (w[..., ::-1, ::-1])"
MEAN = "it is divided by N: images add up, the mean is taken in the loss"


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


def _dx(*arguments):
    return oracle.conv_backward(*arguments)[0]


def _dw(*arguments):
    return oracle.conv_backward(*arguments)[1]
