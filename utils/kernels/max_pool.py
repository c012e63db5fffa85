"""Max pooling of channels-last maps, which remembers where each maximum stood.

All channels of a pixel lie side by side, so windows of `LANES` channels are compared at
once, with no lane ever looking at its neighbour.  Beside each maximum a byte says which
pixel of the window it came from, counted row by row; the backward pass only has to
compare that byte.  Of several equal maxima the first one wins, and a NaN wins over
everything: it must not be hidden.

Three ways.  2 x 2 windows with stride 2, the usual case, do not overlap: each thread
keeps the four values in registers, and backward every pixel is written once.  Any other
window and stride takes its pixels one after the other, with the maximum so far in the
first-level cache, and backward adds to what is there, since windows may share a pixel.
And a window may be the whole map, too large for a byte: places are floats there.

What moves:  x (N, H, W, C) into out and index (N, OH, OW, C), a quarter of x and a
             sixteenth for 2 x 2; backward dout and index into dx.
Threads:     a row of outputs belongs to the thread that takes its ticket; backward, an
             image does, since windows may overlap (2 x 2: a row, there too).
Cost:        one comparison per pixel and window; all is memory, so pool where the map
             is in registers anyway (`fusion`, `batchnorm_maps`) if you can.
"""

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.activations import Identity, Relu, back, value
from utils.kernels.compiler import kernel
from utils.kernels.simd import LANES, address, instruction, next_ticket

COUNTABLE = 2**24  # whole numbers below it are all float32


def corners(address, row, column):
    """Give the addresses of the four pixels of a 2 x 2 window, row by row."""
    return [address, address + column, address + row, address + row + column]


def winner(e, values, others=None):
    """Write the search for the maximum of some vectors, lane by lane.

    Parameters
    ----------
    e : Emitter
        What instructions are written with.
    values : list of Vector
        The numbers to compare.
    others : list of Vector, optional
        Numbers that go with them, `values` themselves if not given.

    Returns
    -------
    best : Vector
        The largest number; the first NaN, if there is one.
    index : bytes
        Which of the vectors it came from, the first one of several.
    other : Vector
        What goes with it.
    """
    others = values if others is None else others
    best, index, other = values[0], e.byte_constant(0), others[0]
    for i in range(1, len(values)):
        better = e.beats(values[i], best)
        best = e.where(better, values[i], best)
        index = e.where(better, e.byte_constant(i), index)
        other = e.where(better, others[i], other)
    return best, index, other


@instruction
def _pool_2x2(e, curve, x, row, column, out, index):
    window = [e.load(place) for place in corners(x, row, column)]
    best, place, _ = winner(e, window)
    e.store(value(e, curve.kind, best), out)
    e.store_bytes(place, index)


@instruction
def _unpool_2x2(e, curve, dout, out, index, dx, row, column):
    g, place = back(e, curve.kind, e.load(dout), e.load(out)), e.load_bytes(index)
    for i, to in enumerate(corners(dx, row, column)):
        won = e.bytes_equal(place, e.byte_constant(i))
        e.store(e.where(won, g, e.constant(0)), to)


@instruction
def _begin(e, x, out, index):
    """Take the first pixel of a window."""
    e.store(e.load(x), out)
    e.store_bytes(e.byte_constant(0), index)


@instruction
def _consider(e, x, code, out, index):
    """Take another pixel of a window if it is larger."""
    new, best, place = e.load(x), e.load(out), e.load_bytes(index)
    better = e.beats(new, best)
    e.store(e.where(better, new, best), out)
    e.store_bytes(e.where(better, e.byte_splat(code), place), index)


@instruction
def _activate(e, curve, out):
    e.store(value(e, curve.kind, e.load(out)), out)


@instruction
def _add_back(e, curve, dout, out, index, code, dx):
    """Add the gradient to one pixel of a window, if it was the maximum."""
    won = e.bytes_equal(e.load_bytes(index), e.byte_splat(code))
    g = back(e, curve.kind, e.load(dout), e.load(out))
    e.store(e.load(dx) + e.where(won, g, e.constant(0)), dx)


@instruction
def _pool_all(e, x, pixels, row, out, index):
    best, place = e.variable(e.load(x)), e.variable(e.constant(0))
    here, now = e.variable(x), e.variable(e.constant(0))
    with e.loop(pixels):
        new = e.load(here.get())
        better = e.beats(new, best.get())
        best.set(e.where(better, new, best.get()))
        place.set(e.where(better, now.get(), place.get()))
        here.set(here.get() + row)
        now.set(now.get() + 1)
    e.store(best.get(), out)
    e.store(place.get(), index)


@instruction
def _unpool_all(e, dout, index, pixels, row, dx):
    g, place = e.load(dout), e.load(index)
    here, now = e.variable(dx), e.variable(e.constant(0))
    with e.loop(pixels):
        e.store(e.where(place == now.get(), g, e.constant(0)), here.get())
        here.set(here.get() + row)
        now.set(now.get() + 1)


@kernel
def _forward_2x2(worker, workers, curve, x, out, index, counter):
    H, W, C = x.shape[1:]
    N, OH, OW, _ = out.shape
    row, column = W * C * 4, C * 4
    while True:
        i = next_ticket(counter)
        if i >= N * OH:
            break
        n, y = divmod(i, OH)
        window = address(x) + (n * H + 2 * y) * row
        for j in range(OW):
            for c in range(0, C, LANES):
                at, here = (i * OW + j) * C + c, window + 2 * j * column + c * 4
                to, byte = address(out) + at * 4, address(index) + at
                _pool_2x2(curve, here, row, column, to, byte)


@kernel
def _backward_2x2(worker, workers, curve, dout, out, index, dx, counter):
    H, W, C = dx.shape[1:]
    N, OH, OW, _ = dout.shape
    row, column = W * C * 4, C * 4
    while True:
        i = next_ticket(counter)
        if i >= N * OH:
            break
        n, y = divmod(i, OH)
        window = address(dx) + (n * H + 2 * y) * row
        for j in range(OW):
            for c in range(0, C, LANES):
                at, here = (i * OW + j) * C + c, window + 2 * j * column + c * 4
                g, seen = address(dout) + at * 4, address(out) + at * 4
                _unpool_2x2(curve, g, seen, address(index) + at, here, row, column)
        dx[n, 2 * y : 2 * y + 2, 2 * OW :] = 0
        if y == OH - 1:
            dx[n, 2 * OH :] = 0


@kernel
def _forward_any(worker, workers, curve, x, out, index, window, stride, counter):
    H, W, C = x.shape[1:]
    N, OH, OW, _ = out.shape
    while True:
        i = next_ticket(counter)
        if i >= N * OH:
            break
        n, y = divmod(i, OH)
        for j in range(OW):
            first = ((n * H + y * stride) * W + j * stride) * C
            at = (i * OW + j) * C
            for code in range(window[0] * window[1]):
                p, q = divmod(code, window[1])
                here = address(x) + (first + (p * W + q) * C) * 4
                for c in range(0, C, LANES):
                    to, byte = address(out) + (at + c) * 4, address(index) + at + c
                    if code == 0:
                        _begin(here + c * 4, to, byte)
                    else:
                        _consider(here + c * 4, code, to, byte)
            for c in range(0, C, LANES):
                _activate(curve, address(out) + (at + c) * 4)


@kernel
def _backward_any(
    worker, workers, curve, dout, out, index, dx, window, stride, counter
):
    H, W, C = dx.shape[1:]
    N, OH, OW, _ = dout.shape
    while True:
        n = next_ticket(counter)
        if n >= N:
            break
        dx[n] = 0
        for i in range(OH * OW):
            y, j = divmod(i, OW)
            first = ((n * H + y * stride) * W + j * stride) * C
            for code in range(window[0] * window[1]):
                p, q = divmod(code, window[1])
                here = address(dx) + (first + (p * W + q) * C) * 4
                for c in range(0, C, LANES):
                    at = (n * OH * OW + i) * C + c
                    g, seen = address(dout) + at * 4, address(out) + at * 4
                    _add_back(curve, g, seen, address(index) + at, code, here + c * 4)


@kernel
def _forward_all(worker, workers, x, out, index, counter):
    N, pixels, C = x.shape
    while True:
        n = next_ticket(counter)
        if n >= N:
            break
        for c in range(0, C, LANES):
            at = (n * C + c) * 4
            here = address(x) + (n * pixels * C + c) * 4
            _pool_all(here, pixels, C * 4, address(out) + at, address(index) + at)


@kernel
def _backward_all(worker, workers, dout, index, dx, counter):
    N, pixels, C = dx.shape
    while True:
        n = next_ticket(counter)
        if n >= N:
            break
        for c in range(0, C, LANES):
            at = (n * C + c) * 4
            here = address(dx) + (n * pixels * C + c) * 4
            _unpool_all(address(dout) + at, address(index) + at, pixels, C * 4, here)


def _check(curve, x, pooled, index, window, stride, name="x"):
    """Raise an error unless curve and sizes are possible and arrays fit together."""
    if not isinstance(curve, Identity | Relu):
        raise ValueError(f"curve is {curve}, expected Identity() or Relu().")
    expect.at_least(1, **{"window[0]": window[0], "window[1]": window[1]})
    expect.at_least(1, stride=stride)
    if window[0] * window[1] > 256:
        raise ValueError(
            f"The window is {window[0]} x {window[1]}, expected at most 256 pixels, "
            f"which a byte can count."
        )
    expect.axes(4, **{name: x})
    N, H, W, C = x.shape
    OH, OW = ((a - b) // stride + 1 for a, b in zip((H, W), window, strict=True))
    expect.places(index=index)
    expect.same_shape((N, max(OH, 0), max(OW, 0), C), index=index, **pooled)


def forward(curve, x, out, index, window=(2, 2), stride=2):
    """Take the maximum of each window, and activate it.

    Parameters
    ----------
    curve : Identity or Relu
        An activation that never falls, so that it may as well have come before.
    x : ndarray (N, H, W, C), float32, in C order
        Input; C is a multiple of `simd.LANES`.
    out : ndarray (N, OH, OW, C), float32
        Written.  OH = (H - window[0]) // stride + 1, or 0 if no window fits: what is
        left over is dropped.
    index : ndarray of the same shape, uint8
        Written: which pixel of its window each maximum is, counted row by row.
    window : (int, int)
        Height and width.
    stride : int
        Distance between windows.

    Raises
    ------
    ValueError
        If the activation may fall, a window is empty or has more than 256 pixels, or
        the arrays do not fit together.
    """
    expect.maps(x=x, out=out)
    expect.written(out=out, index=index)
    _check(curve, x, {"out": out}, index, window, stride)
    counter = np.zeros(1, np.int64)
    if (*window, stride) == (2, 2, 2):
        threads.each(_forward_2x2, curve, x, out, index, counter)
    else:
        threads.each(_forward_any, curve, x, out, index, window, stride, counter)


def backward(curve, dout, out, index, dx, window=(2, 2), stride=2):
    """Send each gradient to the pixel that was the maximum.

    Parameters
    ----------
    curve : Identity or Relu
        As in `forward`.
    dout : ndarray (N, OH, OW, C), float32
        Gradient of the output.
    out, index : ndarray of the same shape
        What `forward` wrote.
    dx : ndarray (N, H, W, C), float32
        Written everywhere.
    window, stride
        As in `forward`.

    Raises
    ------
    ValueError
        As `forward`.
    """
    expect.maps(dout=dout, out=out, dx=dx)
    expect.written(dx=dx)
    _check(curve, dx, {"dout": dout, "out": out}, index, window, stride, name="dx")
    counter = np.zeros(1, np.int64)
    arrays = curve, dout, out, index, dx
    if (*window, stride) == (2, 2, 2) and dout.size:
        threads.each(_backward_2x2, *arrays, counter)
    else:
        threads.each(_backward_any, *arrays, window, stride, counter)


def _pixels(name, x):
    """Count the pixels of one map; refuse none, and more than a float can count."""
    expect.axes(4, **{name: x})
    pixels = x.shape[1] * x.shape[2]
    if not 0 < pixels < COUNTABLE:
        raise ValueError(
            f"{name} has {pixels} pixels per map, expected 1 to {COUNTABLE - 1}, which "
            f"a float32 can count."
        )
    return pixels


def global_forward(x, out, index):
    """Take the maximum of each channel of each image.

    Parameters
    ----------
    x : ndarray (N, H, W, C), float32, in C order
        Input; fewer than 2**24 pixels per image.
    out, index : ndarray (N, C), float32
        Written: the maxima, and the pixels they stood at, counted row by row.

    Raises
    ------
    ValueError
        If a map has no pixels or too many, or the arrays do not fit together.
    """
    expect.maps(x=x, out=out, index=index)
    expect.written(out=out, index=index)
    pixels = _pixels("x", x)
    expect.same_shape((len(x), x.shape[-1]), out=out, index=index)
    x = x.reshape(len(x), pixels, x.shape[-1])
    threads.each(_forward_all, x, out, index, np.zeros(1, np.int64))


def global_backward(dout, index, dx):
    """Send dout (N, C) to the pixels of `index`; all others of dx become 0."""
    expect.maps(dout=dout, index=index, dx=dx)
    expect.written(dx=dx)
    pixels = _pixels("dx", dx)
    expect.same_shape((len(dx), dx.shape[-1]), dout=dout, index=index)
    dx = dx.reshape(len(dx), pixels, dx.shape[-1])
    threads.each(_backward_all, dout, index, dx, np.zeros(1, np.int64))
