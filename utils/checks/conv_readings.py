"""What can be read wrongly in each part of a convolution: see `conv_mistakes`.

Each function ``of_...`` lists pairs ``(explanation, what is taken instead)``.
"""

from functools import partial
from itertools import permutations

import numpy as np

from utils.checks.mistakes import COLUMN_STRIDE, OVERWRITTEN, ROW_STRIDE, STRIDE

ADD = "+= and not ="
ZEROS = "expected zeros all around"
BORDER = (
    "windows that reach over the border are left out: there they see the zeros of the "
    "padding"
)
LAST_AXIS = "the filters are in the last axis of out, expected in axis 1"
OUT_EXCHANGED = (
    "rows and columns of out are exchanged: the height comes first, then the width"
)
EXCHANGED = "rows and columns of {} are exchanged"
TURNED = "{} turned by 180 degrees (upside down and left to right)"
UPSIDE_DOWN = "{} turned upside down"
MIRRORED = "{} mirrored left to right"
FLATTENED = (
    "windows and filters are flattened in another order: both need the same order of "
    "channel, row and column"
)
RESHAPED = "{} is reshaped where its axes have to change places first: transpose them"
ORDERS = [order for order in permutations(range(3)) if order != (0, 1, 2)]


def same(values):
    """Change nothing."""
    return values


def of_x(x):
    """Wrong readings of the image (N, C, H, W)."""
    return [
        ("image 0 is used for every image", x[:1] + 0 * x),
        *_channels(x, "image"),
        (
            "the sum of all channels is used for each of them",
            x.sum(axis=1, keepdims=True) + 0 * x,
        ),
        (EXCHANGED.format("the image"), x.swapaxes(2, 3)),
        ("the channels are in reverse order", x[:, ::-1]),
    ]


def of_padding(pad):
    """Wrong readings of the padding, as functions of x."""

    def mode(name, **options):
        return partial(padded, pad=pad, mode=name, **options)

    def on_all_axes(x):
        N, C = x.shape[:2]
        return np.pad(x, pad)[:N, :C]

    always = [("the padding is 1 and not pad", partial(padded, pad=1))]
    if pad == 0:
        return always
    return [
        *always,
        (f"the border is padded with copies of the edge, {ZEROS}", mode("edge")),
        (f"the border is padded with the mirrored image, {ZEROS}", mode("symmetric")),
        (f"the border is padded with the mirrored image, {ZEROS}", mode("reflect")),
        (f"the border is padded with 1, {ZEROS}", mode("constant", constant_values=1)),
        (
            "np.pad(x, pad) pads all axes, images and channels too: each axis needs "
            "widths of its own",
            on_all_axes,
        ),
        (
            "all zeros are added at the bottom and right, expected pad on each side",
            partial(padded, pad=(0, 2 * pad)),
        ),
        (
            "2 * pad zeros are added at the top and left, expected pad on each side: "
            "is the image padded twice, or on one side only?",
            partial(padded, pad=(2 * pad, 0)),
        ),
    ]


def of_w(w):
    """Wrong readings of the filters (F, C, HH, WW)."""
    HH, WW = w.shape[2:]
    turned = [
        (TURNED.format("the filter is"), w[..., ::-1, ::-1]),
        (UPSIDE_DOWN.format("the filter is"), w[..., ::-1, :]),
        (MIRRORED.format("the filter is"), w[..., ::-1]),
    ]
    if HH == WW:
        by_column = w.sum(axis=3)[:, :, None, :] + 0 * w
        turned += [
            (EXCHANGED.format("the filter"), w.swapaxes(2, 3)),
            (
                "a matrix product of window and filter (@), expected to multiply "
                "element by element (*)",
                by_column,
            ),
        ]
    square = "the filter is taken for a square: its {} serves as its {}, too"
    return [
        *turned,
        (square.format("height", "width"), _only(w, HH, HH)),
        (square.format("width", "height"), _only(w, WW, WW)),
        ("filter 0 is used for every filter", w[:1] + 0 * w),
        *_channels(w, "filter"),
        (
            "the last row and column of the filter are not used",
            _only(w, HH - 1, WW - 1),
        ),
        ("the last row of the filter is not used", _only(w, HH - 1, WW)),
        ("the last column of the filter is not used", _only(w, HH, WW - 1)),
        *((FLATTENED, reordered(w, order)) for order in ORDERS),
    ]


def of_steps(stride):
    """Wrong readings of the step from window to window: down, right, inside."""
    inside = (
        "the stride is the step between the pixels inside the window, expected "
        "between windows"
    )
    if stride == 1:
        return []
    return [
        (STRIDE, (1, 1, 1)),
        (ROW_STRIDE, (1, stride, 1)),
        (COLUMN_STRIDE, (stride, 1, 1)),
        (inside, (1, 1, stride)),
        (inside, (stride, stride, stride)),
    ]


def of_bias(b, w_shape, W_out):
    """Wrong readings of the bias (F,), to be added to (N, F, H_out, W_out)."""
    F, C, HH, WW = w_shape
    b = b[:, None, None]
    along = [b.reshape(F)] if W_out == F else []
    return [
        ("the bias b[f] is not added", 0 * b),
        ("the bias is added once per channel", C * b),
        (
            "the bias is added once per product, expected once per output value",
            C * HH * WW * b,
        ),
        ("the bias is added twice", 2 * b),
        ("the bias is subtracted", -b),
        ("the bias of filter 0 is added for every filter", b[0]),
        *(
            ("the bias is added along the columns, expected one for each filter", row)
            for row in along
        ),
    ]


def of_out(x, w, stride, pad):
    """Wrong last steps on the output (N, F, H_out, W_out)."""
    inside = take(
        padded(np.ones_like(x[:1, :1]), pad),
        (stride, stride, 1),
        output_size(x.shape, w.shape, stride, pad),
        w.shape[2:],
    ).min(axis=(4, 5))
    return [
        ("every filter gave the map of filter 0", lambda out: out[:, :1] + 0 * out),
        (
            "negative outputs are set to zero: the ReLU is a layer of its own",
            lambda out: np.maximum(out, 0),
        ),
        (
            "the last row and column are left out: do the loops end one too early?",
            lambda out: np.pad(out[..., :-1, :-1], ((0, 0), (0, 0), (0, 1), (0, 1))),
        ),
        *([] if inside.all() else [(BORDER, lambda out: out * inside)]),
        (LAST_AXIS, lambda out: out.transpose(0, 2, 3, 1)),
        (OUT_EXCHANGED, lambda out: out.swapaxes(2, 3)),
        (
            RESHAPED.format("an array whose first axis is the filters'"),
            lambda out: out.swapaxes(0, 1).reshape(out.shape),
        ),
        (
            RESHAPED.format("an array whose last axis is the filters'"),
            lambda out: out.transpose(0, 2, 3, 1).reshape(out.shape),
        ),
    ]


def of_dout(dout, w):
    """Wrong readings of dout (N, F, H_out, W_out)."""
    N, F, H_out, W_out = dout.shape
    C, HH, WW = w.shape[1:]

    def keep(index):
        kept = np.zeros_like(dout)
        kept[index] = dout[index]
        return kept

    return [
        ("only image 0 counts", keep(np.s_[:1])),
        (f"only the last image counts: every image adds to it, {ADD}", keep(-1)),
        (
            f"only the last filter counts: every filter adds to it, {ADD}",
            keep(np.s_[:, -1]),
        ),
        (
            f"only the last window counts: every window adds to it, {ADD}",
            keep(np.s_[-1, :, -1, -1]),
        ),
        ("image 0 of dout is used for every image", dout[:1] + 0 * dout),
        (
            "it is divided by N: images add up, the mean is taken in the loss",
            dout / N,
        ),
        (
            "the mean over all output values is taken, expected their sum",
            dout / (N * H_out * W_out),
        ),
        ("it is added once per channel, expected once", C * dout),
        ("it is added once per product, expected once", C * HH * WW * dout),
        ("the factor dout is missing: think of the chain rule", 0 * dout + 1),
        *([(EXCHANGED.format("dout"), dout.swapaxes(2, 3))] if H_out == W_out else []),
        (TURNED.format("dout is"), dout[..., ::-1, ::-1]),
        (
            RESHAPED.format("dout"),
            dout.reshape(F, N, H_out, W_out).transpose(1, 0, 2, 3),
        ),
        (
            RESHAPED.format("dout"),
            dout.reshape(N, H_out, W_out, F).transpose(0, 3, 1, 2),
        ),
    ]


def of_collecting():
    """Wrong ways to collect in dx what the windows have."""
    by_index = (
        "windows overlap: += on index arrays adds only once to a pixel that is "
        "repeated in them"
    )
    return [
        (OVERWRITTEN, partial(assign, order=(0, 1, 2, 3))),
        (by_index, partial(assign, order=(2, 3, 0, 1))),
    ]


def _channels(values, what):
    C = values.shape[1]
    place = np.arange(C)[:, None, None]
    return [
        ("only channel 0 is used, expected all of them", values * (place == 0)),
        (
            f"only the last channel is used: every channel adds to it, {ADD}",
            values * (place == C - 1),
        ),
        (
            f"channel 0 of the {what} is used for every channel",
            values[:, :1] + 0 * values,
        ),
    ]


def _only(w, rows, columns):
    cut = np.zeros_like(w)
    cut[:, :, :rows, :columns] = w[:, :, :rows, :columns]
    return cut


def reordered(w, order):
    """Flatten filters, and read them as if their axes stood in another order."""
    sizes = [w.shape[1 + k] for k in order]
    return w.reshape(len(w), *sizes).transpose(0, *(1 + np.argsort(order)))


# The parts of a convolution, computed so that a wrong reading fits in.


def output_size(x_shape, w_shape, stride, pad):
    """Return ``(H_out, W_out)``."""
    return tuple(1 + (x_shape[k] + 2 * pad - w_shape[k]) // stride for k in (2, 3))


def padded(x, pad, mode="constant", **options):
    """Pad rows and columns; ``pad`` may be a pair (before, after)."""
    width = pad if isinstance(pad, tuple) else (pad, pad)
    if mode == "reflect" and max(width) >= min(x.shape[2:]):
        return x  # there is nothing to mirror
    return np.pad(x, ((0, 0), (0, 0), width, width), mode, **options)


def places(steps, out_size, size):
    """Return rows (H_out, 1, HH, 1) and columns (1, W_out, 1, WW) of all windows."""
    down, right, inside = steps
    rows = down * np.arange(out_size[0])[:, None] + inside * np.arange(size[0])
    columns = right * np.arange(out_size[1])[:, None] + inside * np.arange(size[1])
    return rows[:, None, :, None], columns[None, :, None, :]


def take(x_padded, steps, out_size, size):
    """Return windows (N, C, H_out, W_out, HH, WW), None if one does not fit."""
    rows, columns = places(steps, out_size, size)
    if rows.max() >= x_padded.shape[2] or columns.max() >= x_padded.shape[3]:
        return None
    return x_padded[:, :, rows, columns]


def remembered(out_size, size):
    """Return a function that takes windows, and the same ones only once."""
    known = {}

    def windows_of(x, padding, steps):
        key = id(x), id(padding), steps  # both live as long as their lists
        if key not in known:
            known[key] = take(padding(x), steps, out_size, size)
        return known[key]

    return windows_of


def add(spread, shape, steps):
    """Add windows (N, C, H_out, W_out, HH, WW) up where they come from."""
    rows, columns = places(steps, spread.shape[2:4], spread.shape[4:])
    if rows.max() >= shape[2] or columns.max() >= shape[3]:
        return None
    total = np.zeros(shape)
    np.add.at(total, (slice(None), slice(None), rows, columns), spread)
    return total


def assign(spread, shape, steps, order):
    """Like `add`, but a window overwrites; the last in the order of axes stays."""
    rows, columns = places(steps, spread.shape[2:4], spread.shape[4:])
    if rows.max() >= shape[2] or columns.max() >= shape[3]:
        return None
    N, C, H, W = shape
    total = np.zeros((N, C, H * W))
    place = np.broadcast_to(rows * W + columns, spread.shape[2:]).transpose(order)
    values = spread.transpose(0, 1, *(2 + k for k in order))
    # Of a flat index that is repeated numpy keeps the last value.
    total[:, :, place.ravel()] = values.reshape(N, C, -1)
    return total.reshape(shape)
