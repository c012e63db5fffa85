"""Known wrong answers for max pooling: see `mistakes`."""

from functools import partial

import numpy as np

from utils.checks.mistakes import (
    COLUMN_STRIDE,
    OVERWRITTEN,
    ROW_STRIDE,
    STRIDE,
    misreadings,
)

SWAPPED_WINDOW = "pool_height and pool_width are exchanged"
STEP = "the step from window to window is the stride, not the size of the window"


def sizes(height, width):
    """Return the window's size, and wrong readings of it."""
    both = "{} serves for both sides of the window, and {} is not used"
    short = "the last {} of the window {} left out: where do loop or slice end?"
    return (height, width), [
        (SWAPPED_WINDOW, (width, height)),
        (both.format("pool_height", "pool_width"), (height, height)),
        (both.format("pool_width", "pool_height"), (width, width)),
        (short.format("row", "is"), (height - 1, width)),
        (short.format("column", "is"), (height, width - 1)),
        (short.format("row and column", "are"), (height - 1, width - 1)),
    ]


def steps(height, width, stride):
    """Return the step from window to window, and wrong readings of it."""
    return (stride, stride), [
        (STRIDE, (1, 1)),
        (ROW_STRIDE, (1, stride)),
        (COLUMN_STRIDE, (stride, 1)),
        (STEP, (height, width)),
        (STEP, (height, height)),
    ]


def max_pool_forward(x, height, width, stride):
    """Wrong values of max pooling's output."""
    H_out = 1 + (x.shape[2] - height) // stride
    W_out = 1 + (x.shape[3] - width) // stride
    largest = partial(np.max, axis=(2, 3))

    def pooled(size, step, reduce):
        out = np.zeros((*x.shape[:2], H_out, W_out))
        for i, j in np.ndindex(H_out, W_out):
            window = x[:, :, i * step[0] :, j * step[1] :][:, :, : size[0], : size[1]]
            if window.size:
                out[:, :, i, j] = reduce(window)
        return out

    reductions = [
        (
            "negative values become 0: start from the first value of the window or "
            "from -inf, not from 0",
            lambda window: np.maximum(largest(window), 0),
        ),
        ("this is the mean of the window", partial(np.mean, axis=(2, 3))),
        ("this is the minimum of the window", partial(np.min, axis=(2, 3))),
        ("this is the sum of the window", partial(np.sum, axis=(2, 3))),
        (
            "this is the largest absolute value",
            lambda window: np.abs(window).max(axis=(2, 3)),
        ),
        (
            "the maximum is taken over all channels, expected each by itself",
            lambda window: np.max(window, axis=(1, 2, 3))[:, None],
        ),
        (
            "the maximum is taken over all images, expected each by itself",
            lambda window: np.max(window, axis=(0, 2, 3)),
        ),
        (
            "the maximum is taken over all images and channels, expected each by "
            "itself",
            np.max,
        ),
        (
            "this is the first value of the window: is any other one looked at?",
            lambda window: window[:, :, 0, 0],
        ),
        (
            "this is the last value of the window: is it compared with the others?",
            lambda window: window[:, :, -1, -1],
        ),
    ]
    return misreadings(
        pooled,
        sizes(height, width),
        steps(height, width, stride),
        (largest, reductions),
    )


def max_pool_shapes(x_shape, height, width, stride):
    """Wrong shapes of max pooling's output (N, C, H_out, W_out)."""
    N, C, H, W = x_shape
    right = (1 + (H - height) // stride, 1 + (W - width) // stride)
    return [
        ("height and width are exchanged", (N, C, *right[::-1])),
        (
            "height and width are exchanged",
            (N, C, 1 + (W - height) // stride, 1 + (H - width) // stride),
        ),
        (STEP, (N, C, H // height, W // width)),
        (STEP, (N, C, 1 + (H - height) // height, 1 + (W - width) // height)),
        (
            "is the 1 of 1 + (H - pool_height) // stride missing?",
            (N, C, right[0] - 1, right[1] - 1),
        ),
        (
            "where windows do not tile the image, the size is rounded down",
            (N, C, 1 - -(H - height) // stride, 1 - -(W - width) // stride),
        ),
        ("the stride is ignored", (N, C, 1 + H - height, 1 + W - width)),
        (SWAPPED_WINDOW, (N, C, 1 + (H - width) // stride, 1 + (W - height) // stride)),
        ("every channel is pooled by itself", (N, *right)),
    ]


def max_pool_dx(dout, x, height, width, stride):
    """Wrong values of max pooling's dx."""
    right = partial(_spread, size=(height, width), step=(stride, stride))

    def of_image():
        flat = x.reshape(*x.shape[:2], 1, -1)
        return _first(flat, dout.sum(axis=(2, 3), keepdims=True)).reshape(x.shape)

    def of_first(part):
        return right(dout, np.broadcast_to(part, x.shape))

    return [
        *misreadings(
            partial(_spread, dout, x),
            sizes(height, width),
            steps(height, width, stride),
            (_first, _wrong_shares(height, width)),
            (_own_place, WRONG_PLACES),
            (_add, [(OVERWRITTEN, _assign), (OVERWRITTEN, _assign_largest)]),
        ),
        (
            "the largest pixel of the whole image gets the gradients, expected the "
            "largest of each window",
            of_image,
        ),
        ("the maxima of image 0 are used for every image", lambda: of_first(x[:1])),
        (
            "the maxima of channel 0 are used for every channel",
            lambda: of_first(x[:, :1]),
        ),
        (
            "dx is divided by the number of images; what a loss is divided by is in "
            "dout already",
            lambda: right(dout / len(x), x),
        ),
        *_fewer_windows(dout, partial(right, x=x)),
    ]


def _wrong_shares(height, width):
    return [
        (
            "every pixel of the window gets the gradient, expected the largest only",
            lambda window, dout: np.ones_like(window) * dout,
        ),
        (
            "the gradient is shared by all pixels of the window, expected the largest "
            "to get it all",
            lambda window, dout: np.ones_like(window) * dout / (height * width),
        ),
        (
            "the largest pixels get 1, expected dout",
            lambda window, dout: _first(window, np.ones_like(dout)),
        ),
        (
            "the largest pixels get their own value times dout, expected dout",
            lambda window, dout: window * _first(window, dout),
        ),
        (
            "the largest pixels get their own value, expected dout",
            lambda window, dout: _first(window, window),
        ),
        (
            "the largest pixel of all channels gets the gradient, expected one pixel "
            "in every channel",
            lambda window, dout: (
                _first_of_channels(window) * dout.sum(axis=1, keepdims=True)
            ),
        ),
        (
            "the largest pixel of all channels gets the gradient, expected one pixel "
            "in every channel",
            lambda window, dout: _first_of_channels(window) * dout,
        ),
        (
            "the gradient goes to the smallest value of the window",
            lambda window, dout: _first(-window, dout),
        ),
        (
            "the gradient goes to the largest absolute value of the window",
            lambda window, dout: _first(np.abs(window), dout),
        ),
        (
            "values that are only nearly equal share the gradient, expected the "
            "largest to get it all",
            lambda window, dout: _nearly(window) * dout / _count(_nearly(window)),
        ),
        (
            "values that are only nearly equal all get the gradient, expected the "
            "largest",
            lambda window, dout: _nearly(window) * dout,
        ),
        (
            "the largest value is looked for in float32, where nearly equal values are "
            "the same",
            lambda window, dout: _first(window.astype(np.float32), dout),
        ),
    ]


def _fewer_windows(dout, right):
    """Let some windows, or all images but one, hand nothing back."""
    for text, forgotten in (
        ("the last row of windows is left out", np.s_[:, :, -1:]),
        ("the last column of windows is left out", np.s_[:, :, :, -1:]),
        ("the first row of windows is left out", np.s_[:, :, :1]),
        ("the first column of windows is left out", np.s_[:, :, :, :1]),
        ("every image but the first is left out", np.s_[1:]),
    ):
        fewer = dout.copy()
        fewer[forgotten] = 0
        yield f"{text}: where does the loop begin and end?", partial(right, fewer)


def _first(window, dout):
    """Give dout to the first maximum of each window (N, C, p, q), 0 to the others."""
    flat = window.reshape(*window.shape[:2], -1)
    first = np.arange(flat.shape[2]) == flat.argmax(axis=2)[..., None]
    return first.reshape(window.shape) * dout


def _first_of_channels(window):
    """Mark the first maximum among the windows (N, C, p, q) of all channels."""
    flat = window.reshape(len(window), -1)
    return (np.arange(flat.shape[1]) == flat.argmax(axis=1)[:, None]).reshape(
        window.shape
    )


def _nearly(window):
    """Mark what is equal to the largest value but for rounding."""
    return np.isclose(window, window.max(axis=(2, 3), keepdims=True))


def _count(mask):
    return mask.sum(axis=(2, 3), keepdims=True)


def _own_place(corner, p, q, size):
    return corner[0] + p, corner[1] + q


def _add(pixels, values):
    pixels += values


def _assign(pixels, values):
    pixels[...] = values


def _assign_largest(pixels, values):
    np.copyto(pixels, values, where=values != 0)


WRONG_PLACES = [
    (
        "row and column of the maximum are exchanged inside the window",
        lambda corner, p, q, size: (corner[0] + q, corner[1] + p),
    ),
    (
        "an index that counts row by row is divided by the window's width to give row "
        "and column, not by its height: np.unravel_index takes (height, width)",
        lambda corner, p, q, size: np.add(corner, divmod(p * size[1] + q, size[0])),
    ),
    (
        "the maximum's place inside the window is taken for its place in the image: "
        "add the window's corner to it",
        lambda corner, p, q, size: (p, q),
    ),
]


def _spread(dout, x, size, step, share=_first, place=_own_place, write=_add):
    """Hand each window's gradient back to its pixels, rightly or in a wrong way."""
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(dout.shape[2:]):
        corner = i * step[0], j * step[1]
        window = x[:, :, corner[0] :, corner[1] :][:, :, : size[0], : size[1]]
        if not window.size:
            continue
        values = share(window, dout[:, :, i, j, None, None])
        for p, q in np.ndindex(window.shape[2:]):
            row, column = place(corner, p, q, size)
            if row < x.shape[2] and column < x.shape[3]:
                write(dx[:, :, row, column], values[:, :, p, q])
    return dx
