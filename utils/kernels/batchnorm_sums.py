"""The sums of batch normalisation: what must be known before a map can be written.

`batchnorm` explains the whole layer; here are its two passes that only read.

Order of the additions.  A million numbers added one after the other in float32 would
lose three digits.  So sums over `RUN` rows are in float32, where the vector units are
fast, and are then emptied into float64 sums of a tile; the tiles' sums are added last,
in order.  All of this is fixed by the size of the map: neither the number of threads
nor which of them was faster changes a bit of the result.

Variance.  Each tile subtracts a *pivot* before it squares, the average of its first
rows; the variance of the tile is E[(x - pivot)**2] - (mean - pivot)**2, which cancels
only if the pivot is a bad guess.  Tiles are joined by the formula of Chan, Golub and
LeVeque (Updating formulae and a pairwise algorithm for computing sample variances,
1979), which subtracts nothing large.  With d the distance of a tile's pivot from its
numbers' mean, the error of the variance is at most (RUN + 4) * 2**-24 times the average
over the tiles of (tile's variance + d**2), however large the mean; 1e-7 of the variance
is usual.

What moves:  x, or dout and x, into two numbers per tile and channel.
Threads:     each tile, and its row of `parts`, belongs to the thread that took it.
Cost:        one read of each map.  In `measure`, 8 rows are added at a time, or the
             sums would be read and written as often as x.
"""

import numpy as np

from utils.kernels import walk
from utils.kernels.activations import back
from utils.kernels.batchnorm_maps import Channel
from utils.kernels.compiler import kernel
from utils.kernels.simd import LANES, address, instruction
from utils.kernels.walk import bounds

GROUP = 8  # rows whose sums are taken together
RUN = 64  # rows whose sums are taken in float32


def _count(rows):
    """Make the instruction that adds up some rows, one vector of channels wide."""

    def count(e, x, row, c, pivot, sums, squares):
        c = c * 4
        middle, total, square = (e.load(array + c) for array in (pivot, sums, squares))
        for i in range(rows):
            distance = e.load(x + row * i + c) - middle
            total = total + distance
            square = square + distance * distance
        e.store(total, sums + c)
        e.store(square, squares + c)

    return instruction(count)


_count_group, _count_one = _count(GROUP), _count(1)


@instruction
def _reduce(e, curve, norm, c, dout, x, sums, products):
    """Add g of one vector to sums, and g * (x - mean) to products."""
    channel = Channel(e, norm, c)
    distance = channel.distance(x)
    g = back(e, curve.kind, e.load(dout), channel.normal(distance))
    e.store(e.load(sums + c * 4) + g, sums + c * 4)
    e.store(e.load(products + c * 4) + g * distance, products + c * 4)


@kernel
def _empty(sums, part):
    """Move float32 sums (2, C) into float64 ones."""
    for k in range(2):
        for c in range(sums.shape[1]):
            part[k, c] += sums[k, c]
            sums[k, c] = 0


@kernel
def _count_rows(x, start, stop, pivot, sums):
    """Add rows from `start` to `stop`, minus the pivot, and their squares, to sums."""
    C, row = x.shape[1], x.shape[1] * 4
    pivot_at, sums_at, squares_at = address(pivot), address(sums[0]), address(sums[1])
    groups = (stop - start) // GROUP
    for i in range(groups):
        at = address(x) + (start + i * GROUP) * row
        for c in range(0, C, LANES):
            _count_group(at, row, c, pivot_at, sums_at, squares_at)
    for i in range(start + groups * GROUP, stop):
        for c in range(0, C, LANES):
            at = address(x) + i * row
            _count_one(at, row, c, pivot_at, sums_at, squares_at)


@kernel
def _measure_tile(x, start, stop, line, part):
    """Write mean, and sum of squared distances from it, of rows `start` to `stop`."""
    sums, pivot = line[:2], line[2]
    line[:], part[:] = 0, 0
    count = min(GROUP, stop - start)
    _count_rows(x, start, start + count, pivot, sums)
    for c in range(len(pivot)):
        pivot[c] = sums[0, c] / np.float32(count)
    sums[:] = 0
    for run in range(start, stop, RUN):
        _count_rows(x, run, min(run + RUN, stop), pivot, sums)
        _empty(sums, part)
    for c in range(len(pivot)):
        distance = part[0, c] / (stop - start)
        part[1, c] -= part[0, c] * distance
        part[0, c] = pivot[c] + distance


@kernel
def measure(worker, workers, x, work):
    """Write mean and sum of squares of each tile of x (P, C) to `work.parts`."""
    tiles, k = len(work.parts), 0
    while True:
        tile = walk.take(worker, workers, tiles, k, False, work.counters)
        if tile < 0:
            break
        start, stop = bounds(len(x), tile, tiles)
        _measure_tile(x, start, stop, work.lines[worker], work.parts[tile])
        k += 1


@kernel
def join(P, parts, mean, var):
    """Join the tiles' means and sums of squares to those of all P rows."""
    tiles = len(parts)
    mean[:], var[:] = 0, 0
    for tile in range(tiles):
        start, stop = bounds(P, tile, tiles)
        share = (stop - start) / P
        for c in range(len(mean)):
            mean[c] += parts[tile, 0, c] * share
    for tile in range(tiles):
        start, stop = bounds(P, tile, tiles)
        for c in range(len(mean)):
            distance = parts[tile, 0, c] - mean[c]
            var[c] += parts[tile, 1, c] + (stop - start) * distance * distance
    for c in range(len(mean)):
        var[c] = max(var[c] / P, 0.0)


@kernel
def _reduce_tile(curve, norm, dout, x, start, stop, line, part):
    """Write the sums of g and g * (x - mean) over rows `start` to `stop`."""
    C = x.shape[1]
    sums = line[:2]
    sums[:], part[:] = 0, 0
    sums_at, products_at = address(sums[0]), address(sums[1])
    for run in range(start, stop, RUN):
        for i in range(run, min(run + RUN, stop)):
            for c in range(0, C, LANES):
                at = (i * C + c) * 4
                dout_at, x_at = address(dout) + at, address(x) + at
                _reduce(curve, norm, c, dout_at, x_at, sums_at, products_at)
        _empty(sums, part)


@kernel
def reduce(worker, workers, curve, norm, dout, x, work):
    """Write the sums of g and g * (x - mean) of each tile to `work.parts`."""
    tiles, k = len(work.parts), 0
    while True:
        tile = walk.take(worker, workers, tiles, k, False, work.counters)
        if tile < 0:
            break
        start, stop = bounds(len(x), tile, tiles)
        line, part = work.lines[worker], work.parts[tile]
        _reduce_tile(curve, norm, dout, x, start, stop, line, part)
        k += 1
