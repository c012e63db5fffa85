"""The maps of batch normalisation: what is written once the sums are known.

`batchnorm` explains the whole layer; here are its two passes that write a map.  Forward
every number is normalised and goes through the activation; with 2 x 2 pooling, each
window is normalised, and the largest of the four values is written alone.  Backward the
same steps are done again up to z, which is cheaper than to have stored it, and dx is
written.

Pooling.  Two small maps are written beside `out`: `best`, the x that won in each
window, and `index`, a byte that says where it stood (0 to 3, row by row).  So the sums
of the backward pass read `best`, a quarter of x, and nothing else of x: all other
pixels of a window have no gradient.  The activation comes after the pooling, which for
ReLU is the same as before it, at a quarter of the work.

What moves:  x into out; dout and x into dx.  With pooling, out, best, dout have a
             quarter of the pixels, and so has index, in bytes.
Threads:     each tile is written by the thread that took it (see `walk`).
Cost:        one read of each input, one write of each output, and no more.
"""

from typing import NamedTuple

import numpy as np

from utils.kernels import walk
from utils.kernels.activations import back, value
from utils.kernels.compiler import kernel
from utils.kernels.max_pool import corners, winner
from utils.kernels.simd import LANES, address, instruction
from utils.kernels.walk import bounds


class Norm(NamedTuple):
    """z = (x - mean) * scale + shift; the three arrays are (C,) float32."""

    mean: np.ndarray
    scale: np.ndarray
    shift: np.ndarray


class NormBack(NamedTuple):
    """dx = scale * g - tilt * (x - mean) - offset; the arrays are (C,) float32."""

    mean: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    tilt: np.ndarray
    offset: np.ndarray


class Channel:
    """The numbers of one vector of channels, in registers."""

    def __init__(self, e, norm, c):
        self.e = e
        for name in norm.kind._fields:
            setattr(self, name, e.load(getattr(norm, name) + c * 4))

    def distance(self, x):
        """Read one vector of x; give its distance from the mean."""
        return self.e.load(x) - self.mean

    def normal(self, distance):
        """Give the normalised value z of what is so far from the mean."""
        return distance * self.scale + self.shift

    def gradient(self, g, distance):
        """Give dx; `g` is the gradient with respect to z."""
        return g * self.scale - (distance * self.tilt + self.offset)


@instruction
def _apply(e, curve, norm, c, x, out):
    """Normalise and activate one vector."""
    channel = Channel(e, norm, c)
    e.store(value(e, curve.kind, channel.normal(channel.distance(x))), out)


@instruction
def _apply_back(e, curve, norm, c, dout, x, dx):
    """Write dx of one vector."""
    channel = Channel(e, norm, c)
    distance = channel.distance(x)
    g = back(e, curve.kind, e.load(dout), channel.normal(distance))
    e.store(channel.gradient(g, distance), dx)


@instruction
def _apply_pool(e, curve, norm, c, x, row, column, out, best, index):
    """Normalise a 2 x 2 window, one vector wide, and activate its maximum."""
    channel = Channel(e, norm, c)
    window = [e.load(place) for place in corners(x, row, column)]
    z = [channel.normal(number - channel.mean) for number in window]
    largest, place, original = winner(e, z, window)
    e.store(value(e, curve.kind, largest), out)
    e.store(original, best)
    e.store_bytes(place, index)


@instruction
def _apply_back_pool(e, curve, norm, c, dout, index, x, row, column, dx):
    """Write dx of a 2 x 2 window, one vector wide."""
    channel = Channel(e, norm, c)
    distances = [channel.distance(place) for place in corners(x, row, column)]
    where = e.load_bytes(index)
    won = [e.bytes_equal(where, e.byte_constant(i)) for i in range(4)]
    largest = distances[0]
    for mask, distance in zip(won, distances, strict=True):
        largest = e.where(mask, distance, largest)
    g = back(e, curve.kind, e.load(dout), channel.normal(largest))
    places = corners(dx, row, column)
    for mask, distance, place in zip(won, distances, places, strict=True):
        part = e.where(mask, g, e.constant(0))
        e.store(channel.gradient(part, distance), place)


@instruction
def _apply_back_rest(e, norm, c, x, dx):
    """Write dx of one vector that no window saw."""
    channel = Channel(e, norm, c)
    e.store(channel.gradient(e.constant(0), channel.distance(x)), dx)


@kernel
def normalize(worker, workers, curve, norm, x, out, work):
    """Write out; x and out are (P, C)."""
    P, C = x.shape
    tiles, k = len(work.parts), 0
    while True:
        tile = walk.take(worker, workers, tiles, k, True, work.counters)
        if tile < 0:
            break
        start, stop = bounds(P, tile, tiles)
        for i in range(start, stop):
            for c in range(0, C, LANES):
                at = (i * C + c) * 4
                _apply(curve, norm, c, address(x) + at, address(out) + at)
        k += 1


@kernel
def normalize_back(worker, workers, curve, norm, dout, x, dx, work):
    """Write dx; dout, x and dx are (P, C)."""
    P, C = x.shape
    tiles, k = len(work.parts), 0
    while True:
        tile = walk.take(worker, workers, tiles, k, True, work.counters)
        if tile < 0:
            break
        start, stop = bounds(P, tile, tiles)
        for i in range(start, stop):
            for c in range(0, C, LANES):
                at = (i * C + c) * 4
                dout_at, x_at, dx_at = address(dout), address(x), address(dx)
                _apply_back(curve, norm, c, dout_at + at, x_at + at, dx_at + at)
        k += 1


@kernel
def normalize_pool(worker, workers, curve, norm, x, out, best, index, work):
    """Write out, best and index, (N, H // 2, W // 2, C)."""
    H, W, C = x.shape[1:]
    rows, OW = out.shape[0] * out.shape[1], out.shape[2]
    tiles, k, row, column = min(walk.TILES, rows), 0, W * C * 4, C * 4
    while True:
        tile = walk.take(worker, workers, tiles, k, True, work.counters)
        if tile < 0:
            break
        start, stop = bounds(rows, tile, tiles)
        for i in range(start, stop):
            n, y = divmod(i, out.shape[1])
            window = address(x) + (n * H + 2 * y) * row
            at = i * OW * C
            for _ in range(OW):
                for c in range(0, C, LANES):
                    to, kept = address(out) + at * 4, address(best) + at * 4
                    here = window + c * 4
                    byte = address(index) + at
                    _apply_pool(curve, norm, c, here, row, column, to, kept, byte)
                    at += LANES
                window += 2 * column
        k += 1


@kernel
def _rest(norm, x, dx, start, stop):
    """Write dx, without any gradient from above, of numbers `start` to `stop`."""
    C = x.shape[3]
    for at in range(start, stop, C):
        for c in range(0, C, LANES):
            here = (at + c) * 4
            _apply_back_rest(norm, c, address(x) + here, address(dx) + here)


@kernel
def normalize_back_pool(worker, workers, curve, norm, dout, index, x, dx, work):
    """Write dx (N, H, W, C); dout and index are (N, H // 2, W // 2, C)."""
    H, W, C = x.shape[1:]
    OH, OW = dout.shape[1:3]
    if OH == 0:  # a single row, and no window: every pixel is left over
        P = len(x) * H * W
        _rest(norm, x, dx, P * worker // workers * C, P * (worker + 1) // workers * C)
        return
    rows, row, column = dout.shape[0] * OH, W * C * 4, C * 4
    tiles, k = min(walk.TILES, rows), 0
    while True:
        tile = walk.take(worker, workers, tiles, k, True, work.counters)
        if tile < 0:
            break
        start, stop = bounds(rows, tile, tiles)
        for i in range(start, stop):
            n, y = divmod(i, OH)
            first = (n * H + 2 * y) * W * C
            for j in range(OW):
                for c in range(0, C, LANES):
                    at, here = (i * OW + j) * C + c, (first + 2 * j * C + c) * 4
                    g, byte = address(dout) + at * 4, address(index) + at
                    x_at, dx_at = address(x) + here, address(dx) + here
                    _apply_back_pool(curve, norm, c, g, byte, x_at, row, column, dx_at)
            if W % 2:
                for end in (first + W * C, first + 2 * W * C):
                    _rest(norm, x, dx, end - C, end)
            if H % 2 and y == OH - 1:
                _rest(norm, x, dx, first + 2 * W * C, first + 3 * W * C)
        k += 1
