"""Known wrong answers for max pooling: see `mistakes`."""

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

SWAPPED_WINDOW = "pool_height and pool_width are exchanged"


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
