"""A prototype: gradients of a convolution under a 2 x 2 max pooling, zeros left out.

Of the four pixels of a pooling window only the winner has a gradient.  So dw and dx
need a quarter of the multiplications of the plain sums:

    dw[tap, :, k]         += g * x[winner + tap, :]       for each window and filter k
    dx[winner + tap, :]   += g * w[tap, :, k]

Both are the same loop, `_gather`: the sums of a 3 x 3 x (2 vectors of channels) block
stay in registers, and each entry of a list says where to read and what to multiply by.
Every multiply-add needs a load of its own, where a dense product needs about half a
load.

An optimistic bound: what can be prepared is, and does not count.  For dw each filter
has a list of its windows' winners; for dx each window has its filters sorted by winner,
so that nothing branches; maps are padded, and cut into blocks of channels that stay in
the first-level cache.
"""

import numba
import numpy as np

from utils.kernels import threads
from utils.kernels.simd import BYTES, LANES, address, instruction

VECTORS = 2  # of channels at a time: 18 sums in registers
WIDE = VECTORS * LANES
NEAR = 24 * 1024  # bytes of x, or of w, that stay in the first-level cache


@instruction
def _gather(e, count, where, g, source, row, out, out_row):
    """Add g * (block at source + where) to the block at out, for all of a list."""
    block = [(p, q * VECTORS + v) for p in range(3) for q in range(3) for v in (0, 1)]
    places = [out + out_row * p + j * BYTES for p, j in block]
    sums = [e.variable(e.load(place)) for place in places]
    offset, factor = e.variable(where), e.variable(g)
    with e.loop(count):
        here = source + e.load_int(offset.get())
        number = e.load_scalar(factor.get())
        for (p, j), total in zip(block, sums, strict=True):
            total.set(total.get() + number * e.load(here + row * p + j * BYTES))
        offset.set(offset.get() + 8)
        factor.set(factor.get() + 4)
    for total, place in zip(sums, places, strict=True):
        e.store(total.get(), place)


# Not kept on disk: the kernels' cache does not know the sources of this folder.
@numba.njit(nogil=True)
def _weights(worker, workers, x, where, g, strips, dw):
    """Add this thread's images to dw[worker]: (parts, K, 3, 3, WIDE)."""
    N, K, cells = where.shape
    row, mine = x.shape[3] * WIDE * 4, dw[worker]
    mine[:] = 0
    for part in range(len(x)):
        for n in range(N * worker // workers, N * (worker + 1) // workers):
            source = address(x) + (part * N + n) * x.shape[2] * row
            for strip in range(len(strips) - 1):
                first, count = strips[strip], strips[strip + 1] - strips[strip]
                for k in range(K):
                    at = (n * K + k) * cells + first
                    out = address(mine) + (part * K + k) * 9 * WIDE * 4
                    lists = address(where) + at * 8, address(g) + at * 4
                    _gather(count, *lists, source, row, out, 3 * WIDE * 4)


@numba.njit(nogil=True)
def _data(worker, workers, w, where, g, ends, dx):
    """Write dx (parts, N, H + 2, W + 2, WIDE) of this thread's images."""
    N, blocks, rows, columns, _ = ends.shape
    each = where.shape[-1]
    row = dx.shape[3] * WIDE * 4
    for part in range(len(dx)):
        source = address(w) + part * w.shape[1] * 9 * WIDE * 4
        for n in range(N * worker // workers, N * (worker + 1) // workers):
            dx[part, n] = 0
            target = address(dx) + (part * N + n) * dx.shape[2] * row
            for block in range(blocks):
                for i in range(rows):
                    for j in range(columns):
                        at = ((n * blocks + block) * rows + i) * columns + j
                        begin = 0
                        for place in range(4):
                            end = ends[n, block, i, j, place]
                            y, z = 2 * i + place // 2, 2 * j + place % 2
                            out = target + y * row + z * WIDE * 4
                            start = at * each + begin
                            lists = address(where) + start * 8, address(g) + start * 4
                            count = end - begin
                            _gather(count, *lists, source, 3 * WIDE * 4, out, row)
                            begin = end


def _parts(array):
    """Cut (..., C) into (parts, ..., WIDE)."""
    cut = array.reshape(*array.shape[:-1], -1, WIDE)
    out = threads.aligned((cut.shape[-2], *array.shape[:-1], WIDE))
    out[:] = np.moveaxis(cut, -2, 0)
    return out


class Sparse:
    """Both gradients of one layer: 3 x 3, pad 1, under a 2 x 2 max pooling.

    Parameters
    ----------
    x : ndarray (N, H, W, C), float32
    w : ndarray (3, 3, C, K), float32
    gradient : ndarray (N, H // 2, W // 2, K), float32
        Of the pooled map.
    index : ndarray of the same shape, uint8
        Which pixel of its window won: 0 to 3.
    """

    def __init__(self, x, w, gradient, index):
        self._shape, self._K = x.shape, w.shape[3]
        self._prepare_weights(x, gradient, index)
        self._prepare_data(w, gradient, index)

    def _prepare_weights(self, x, gradient, index):
        N, H, W, _ = x.shape
        _, rows, columns, K = gradient.shape
        self._x = _parts(np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0))))
        i, j = np.ogrid[:rows, :columns]
        y = 2 * i[None, ..., None] + index // 2
        z = 2 * j[None, ..., None] + index % 2
        offsets = (y.astype(np.int64) * (W + 2) + z) * WIDE * 4
        self._dw_lists = [
            np.ascontiguousarray(a.transpose(0, 3, 1, 2)).reshape(N, K, -1)
            for a in (offsets, gradient)
        ]
        # As many rows of windows at a time as have their pixels near.
        step = max(1, (NEAR // ((W + 2) * WIDE * 4) - 2) // 2)
        cuts = [*range(0, rows, step), rows]
        self._strips = np.array(cuts, np.int64) * columns
        shape = threads.count(), len(self._x), K, 3, 3, WIDE
        self._dw = threads.aligned(shape)

    def _prepare_data(self, w, gradient, index):
        N, H, W, _ = self._shape
        _, rows, columns, K = gradient.shape
        self._w = _parts(np.moveaxis(w, 3, 0))
        each = max(LANES, NEAR // (9 * WIDE * 4) // LANES * LANES)
        each = next(size for size in range(each, 0, -1) if K % size == 0)
        shape = N, rows, columns, K // each, each
        g, place = (
            a.reshape(shape).transpose(0, 3, 1, 2, 4) for a in (gradient, index)
        )
        order = np.argsort(place, axis=-1, kind="stable")
        g = np.take_along_axis(g, order, axis=-1)
        first = np.arange(K // each).reshape(1, -1, 1, 1, 1) * each
        offsets = (order + first).astype(np.int64) * (9 * WIDE * 4)
        self._dx_lists = [np.ascontiguousarray(a) for a in (offsets, g)]
        counts = [(place <= last).sum(axis=-1) for last in range(4)]
        self._ends = np.ascontiguousarray(np.stack(counts, axis=-1))
        self._dx = threads.aligned((len(self._w), N, H + 2, W + 2, WIDE))

    def weights(self):
        """Compute the threads' shares of dw."""
        threads.each(_weights, self._x, *self._dw_lists, self._strips, self._dw)

    def data(self):
        """Compute dx."""
        threads.each(_data, self._w, *self._dx_lists, self._ends, self._dx)

    @property
    def dw(self):
        """The gradient of w: (3, 3, C, K)."""
        shares = self._dw.sum(axis=0)  # (parts, K, 3, 3, WIDE)
        return shares.transpose(2, 3, 0, 4, 1).reshape(3, 3, -1, self._K)

    @property
    def dx(self):
        """The gradient of x: (N, H, W, C)."""
        inner = self._dx[:, :, 1:-1, 1:-1]
        return inner.transpose(1, 2, 3, 0, 4).reshape(self._shape)
