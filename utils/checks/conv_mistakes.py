"""Known wrong answers for convolution: see `mistakes`.

A convolution has few parts: the image, its padding, the filter, the places of the
windows, the bias, and dout on the way back.  What can be read wrongly in a part is
listed once, in `conv_readings`; here every output and gradient that depends on the
part is computed with it.
"""

from functools import partial

import numpy as np

from utils.checks.conv_readings import (
    EXCHANGED,
    FLATTENED,
    LAST_AXIS,
    MIRRORED,
    ORDERS,
    OUT_EXCHANGED,
    TURNED,
    UPSIDE_DOWN,
    add,
    of_bias,
    of_collecting,
    of_dout,
    of_out,
    of_padding,
    of_steps,
    of_w,
    of_x,
    output_size,
    padded,
    remembered,
    reordered,
    same,
    take,
)
from utils.checks.mistakes import misreadings

MEAN = "the mean of the products is taken, expected their sum"
ORDER = "this is the shape of another gradient: return them in the order dx, dw, db"
NOT_CUT = (
    "the padding has to be cut off again; or does the cache hold the padded x, and "
    "backward pads it once more?"
)
FACTOR = (
    "{0} has to be made of dout and {2} and not {1}: the gradient of a factor is the "
    "other factor"
)
STARTS = "{0} is added to {1}, expected to start at zeros"


def conv_forward(x, w, b, stride, pad):
    """Wrong values of a convolution's output."""
    size = output_size(x.shape, w.shape, stride, pad)
    windows_of = remembered(size, w.shape[2:])

    def compute(x, padding, w, steps, total, bias, finish):
        windows = windows_of(x, padding, steps)
        if windows is None:
            return None
        out = total(np.einsum("ncijpq,fcpq->nfij", windows, w))
        return finish(out + bias)

    return misreadings(
        compute,
        (x, of_x(x)),
        (partial(padded, pad=pad), of_padding(pad)),
        (w, of_w(w)),
        ((stride, stride, 1), of_steps(stride)),
        (same, [(MEAN, partial(np.multiply, 1 / w[0].size))]),
        (b[:, None, None], of_bias(b, w.shape, size[1])),
        (same, of_out(x, w, stride, pad)),
    )


def conv_dx(dout, x, w, stride, pad):
    """Wrong values of a convolution's dx."""
    N, C, H, W = x.shape
    padded_shape = (N, C, H + 2 * pad, W + 2 * pad)

    def compute(dout, w, steps, collect, cut, finish):
        spread = np.einsum("nfij,fcpq->ncijpq", dout, w)
        dx = collect(spread, padded_shape, steps)
        return None if dx is None else finish(dx[:, :, cut : cut + H, cut : cut + W])

    def of_windows():
        windows = take(padded(x, pad), steps, dout.shape[2:], w.shape[2:])
        values = np.einsum("nfij,ncijpq->ncijpq", dout, windows)
        dx = add(values, padded_shape, steps)
        return dx[:, :, pad : pad + H, pad : pad + W]

    # Filter by filter, a window overwrites those of other filters, too.
    last = dout * (np.arange(len(w)) == len(w) - 1)[:, None, None]
    steps = (stride, stride, 1)
    return [
        *misreadings(
            compute,
            (dout, of_dout(dout, w)),
            (w, of_w(w)),
            (steps, of_steps(stride)),
            (add, of_collecting()),
            (
                pad,
                [
                    ("the padding is cut off at the bottom and right only", 0),
                    ("the padding is cut off at the top and left only", 2 * pad),
                ],
            ),
            (same, [(STARTS.format("dx", "x"), lambda dx: dx + x)]),
        ),
        *(
            (text, partial(compute, last, w, steps, collect, pad, same))
            for text, collect in of_collecting()
        ),
        (FACTOR.format("dx", "x", "w"), of_windows),
    ]


def conv_dw(dout, x, w, stride, pad):
    """Wrong values of a convolution's dw."""
    windows_of = remembered(dout.shape[2:], w.shape[2:])

    def compute(dout, x, padding, steps, finish):
        windows = windows_of(x, padding, steps)
        if windows is None:
            return None
        return finish(np.einsum("nfij,ncijpq->fcpq", dout, windows))

    finishes = [
        (
            FACTOR.format("dw", "w", "x"),
            lambda dw: dout.sum(axis=(0, 2, 3))[:, None, None, None] * w,
        ),
        (TURNED.format("dw is"), lambda dw: dw[..., ::-1, ::-1]),
        (UPSIDE_DOWN.format("dw is"), lambda dw: dw[..., ::-1, :]),
        (MIRRORED.format("dw is"), lambda dw: dw[..., ::-1]),
        (STARTS.format("dw", "w"), lambda dw: dw + w),
        (EXCHANGED.format("dw"), lambda dw: dw.swapaxes(2, 3)),
        *((FLATTENED, partial(reordered, order=order)) for order in ORDERS),
    ]
    return misreadings(
        compute,
        (dout, of_dout(dout, w)),
        (x, of_x(x)),
        (partial(padded, pad=pad), of_padding(pad)),
        ((stride, stride, 1), of_steps(stride)),
        (same, finishes),
    )


def conv_db(dout, w, b):
    """Wrong values of a convolution's db."""
    axes = "the sum runs over the axes {}, expected 0, 2 and 3: all but the filters'"
    right = dout.sum(axis=(0, 2, 3))
    summed = [(text, d.sum(axis=(0, 2, 3))) for text, d in of_dout(dout, w)]
    # Turned or not, the sum is the same.
    readings = [(text, db) for text, db in summed if not np.array_equal(db, right)]
    return [
        *misreadings(same, (right, readings)),
        ("db has a factor b, but b is added and multiplies nothing", lambda: right * b),
        (axes.format("0, 1 and 2"), lambda: dout.sum(axis=(0, 1, 2))),
        (axes.format("0, 1 and 3"), lambda: dout.sum(axis=(0, 1, 3))),
        (axes.format("1, 2 and 3"), lambda: dout.sum(axis=(1, 2, 3))),
    ]


def conv_shapes(x_shape, w_shape, stride, pad):
    """Wrong shapes of a convolution's output (N, F, H_out, W_out)."""
    N, _, H, W = x_shape
    F, _, HH, WW = w_shape
    H_over, W_over = H + 2 * pad - HH, W + 2 * pad - WW
    right = (1 + H_over // stride, 1 + W_over // stride)
    return [
        (OUT_EXCHANGED, (N, F, *right[::-1])),
        ("the width is computed from the height", (N, F, right[0], right[0])),
        ("the height is computed from the width", (N, F, right[1], right[1])),
        ("axis 1 counts the filters F, axis 0 the images N", (F, N, *right)),
        (LAST_AXIS, (N, *right, F)),
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


def conv_dx_shapes(x_shape, w_shape, stride, pad):
    """Wrong shapes of dx: mostly the padding is not cut off as it should be."""
    N, C, H, W = x_shape
    slack = 2 * pad
    H_out, W_out = output_size(x_shape, w_shape, stride, pad)
    H_used, W_used = (H_out - 1) * stride, (W_out - 1) * stride
    H_used, W_used = H_used + w_shape[2] - slack, W_used + w_shape[3] - slack
    return [
        (NOT_CUT, (N, C, H + slack, W + slack)),
        ("pad pixels are cut off, and not 1", (N, C, H + slack - 2, W + slack - 2)),
        (
            "the padding is still there at one end: it has to be cut off on each side",
            (N, C, H + pad, W + pad),
        ),
        ("it is empty, because the slice pad:-pad is 0:0 when pad is 0", (N, C, 0, 0)),
        ("the width is cut to the height", (N, C, H, H)),
        ("the height is cut to the width", (N, C, W, W)),
        (
            "where windows do not tile the image, the pixels left over at the end "
            "belong to dx, too, with zeros",
            (N, C, H_used, W_used),
        ),
        (ORDER, tuple(w_shape)),
        (ORDER, (w_shape[0],)),
    ]


def conv_dw_shapes(x_shape, w_shape):
    """Wrong shapes of dw."""
    F, C, HH, WW = w_shape
    return [
        ("axis 0 counts the filters F, axis 1 the channels C", (C, F, HH, WW)),
        (
            "the sum runs over the channels, too: each channel has a dw of its own",
            (F, HH, WW),
        ),
        ("height and width are exchanged", (F, C, WW, HH)),
        (ORDER, tuple(x_shape)),
        (ORDER, (F,)),
    ]


def conv_db_shapes(dout_shape, x_shape, w_shape):
    """Wrong shapes of db, where the sum runs over the wrong axes."""
    N, F, H_out, W_out = dout_shape
    axes = "the sum runs over the axes 0, 2 and 3 of dout"
    shapes = [(F, H_out, W_out), (N, F), (H_out, W_out), (H_out,), (W_out,), (N,), ()]
    kept = "the axes that are summed over are still there: keepdims is for broadcasting"
    return [
        (kept, (1, F, 1, 1)),
        (kept, (F, 1, 1)),
        (kept, (1, F)),
        (kept, (F, 1)),
        (ORDER, tuple(w_shape)),
        (ORDER, tuple(x_shape)),
        *((axes, shape) for shape in shapes),
    ]
