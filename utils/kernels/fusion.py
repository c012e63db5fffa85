"""What a convolution can do on the way in and on the way out.

A layer that only normalises, rectifies or pools reads every number of a map, does next
to nothing with it, and writes it back: the memory is busy, the arithmetic idle.  A
convolution has each number in a register anyway, when it reads its input and when it
has just computed its output.  So the small layers are done there.

A *source* says where a convolution reads its pixels from, a *sink* where its results
go.  Both are named tuples of arrays; their class chooses, at compile time, the
instructions below.  All maps are channels-last float32, channels padded to whole
vectors; "c" is the number of the first channel of a vector.

==============  ==============================================================
sources
`Plain`         x
`BnAct`         activation(scale * x + shift): the batchnorm of the layer before
`BnBack`        a * dout + b * y + c: the gradient behind a batchnorm
`PoolBack`      the same of a pooled map, each value at its window's maximum
`BnPoolBack`    a * dout at the window's maximum, + b * y + c: pooling came last
sinks
`Store`         out
`StoreBias`     out + bias
`StoreStats`    out, and sums for the batchnorm that follows
`StorePool`     the 2 x 2 maxima of out, where they stood, and sums of the maxima
`StoreBnPool`   out, sums of out, and pooled values where batchnorm comes in between
`ActBack`       dout * slope(activation of the layer before), and its sums
==============  ==============================================================

Batchnorm in training needs sums over the whole map before it can do anything.  So its
forward pass is split: sums in one convolution's sink, scale and shift in the next
one's source.  Its backward pass likewise: ``dx = a * dout + b * y + c`` with three
numbers per channel that follow from the sums of dout and of dout * y (Ioffe and
Szegedy, Batch Normalization, ICML 2015, section 3).

Pooling under a batchnorm.  ``scale * y + shift`` rises with y if scale > 0 and falls
otherwise, so the largest normalised value of a window is that of its largest or its
smallest y; `StoreBnPool` takes the sign of gamma and needs to know nothing else.

Sums.  Each block of tiles adds up its own numbers in float32 and leaves two rows of
`sums`; the caller adds the rows in float64, in order, so the result does not depend on
who was first, and on the number of threads (which decides the blocks) no more than
rounding.  A variance from such sums loses digits where the mean is far from 0: its
relative error is some 2e-6 * (mean / std)**2.  The outputs of a convolution have means
of a few std at most; `batchnorm`, the layer by itself, measures without that loss.
"""

from typing import NamedTuple

import numpy as np

from utils.kernels.activations import back
from utils.kernels.activations import value as value_of
from utils.kernels.max_pool import winner


class Plain(NamedTuple):
    """x itself: (N, H, W, C)."""

    x: np.ndarray


class BnAct(NamedTuple):
    """activation(scale * x + shift); scale and shift (C,)."""

    x: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    activation: NamedTuple


class BnBack(NamedTuple):
    """a * dout + b * y + c; dout and y (N, H, W, C), the others (C,)."""

    dout: np.ndarray
    y: np.ndarray
    a: np.ndarray
    b: np.ndarray
    c: np.ndarray


class PoolBack(NamedTuple):
    """a * dout + b * y + c of pooled maps (N, height, width, C), sent to `index`."""

    dout: np.ndarray
    y: np.ndarray
    index: np.ndarray
    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    height: int
    width: int


class BnPoolBack(NamedTuple):
    """a * dout sent to `index`, + b * y + c; y is the full map, dout the pooled one."""

    dout: np.ndarray
    y: np.ndarray
    index: np.ndarray
    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    height: int
    width: int


class Store(NamedTuple):
    """Write out (N, OH, OW, K)."""

    out: np.ndarray


class StoreBias(NamedTuple):
    """Write out + bias."""

    out: np.ndarray
    bias: np.ndarray


class StoreStats(NamedTuple):
    """Write out; add out and out**2 to sums (blocks, 2, K)."""

    out: np.ndarray
    sums: np.ndarray


class StorePool(NamedTuple):
    """Write the maxima of 2 x 2 windows and their places (0 to 3), and their sums."""

    out: np.ndarray
    index: np.ndarray
    sums: np.ndarray
    height: int
    width: int


class StoreBnPool(NamedTuple):
    """Write out and its sums; pool sign * out and write the chosen values of out."""

    out: np.ndarray
    sums: np.ndarray
    pooled: np.ndarray
    index: np.ndarray
    sign: np.ndarray
    height: int
    width: int


class ActBack(NamedTuple):
    """Write out * slope(scale * y + shift); add it and its product with y to sums."""

    out: np.ndarray
    y: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    activation: NamedTuple
    sums: np.ndarray


class Map(NamedTuple):
    """The size of a map that tiles are read from or written to."""

    H: int
    W: int
    C: int


def pixel_offset(place, image, y, x, c):
    """Give the index, in numbers, of channel c of one pixel."""
    return ((image * place.H + y) * place.W + x) * place.C + c


class Reader:
    """Reads the pixels of one tile of a source: one vector of channels of one image.

    Parameters
    ----------
    e : Emitter
    source : Record
        One of the sources above.
    place : Record
        The `Map` that the source stands for.
    image, y, x, c : Int
        Image, first row and column of the tile, first channel.
    edge : bool
        Whether pixels of the tile may lie outside the map; they are read as 0.
    parity : 0, 1 or None
        y % 2 and x % 2, if known: pixels that share a pooling window then share its
        loads.
    """

    def __init__(self, e, source, place, image, y, x, c, edge=False, parity=None):
        self.e, self.source, self.place = e, source, place
        self.image, self.y, self.x, self.c = image, y, x, c
        self.edge, self.parity, self.cells = edge, parity, {}
        names = {BnAct: ("scale", "shift")}.get(source.kind, ("a", "b", "c"))
        names = () if source.kind is Plain else names
        self.constants = [e.load(getattr(source, name) + c * 4) for name in names]
        if source.kind in (PoolBack, BnPoolBack):
            self.pooled = Map(source.height, source.width, place.C)

    def pixel(self, p, q):
        """Write down the reading of the pixel in row p and column q of the tile."""
        e, source = self.e, self.source
        inside, where = self._find(self.place, self.y + p, self.x + q, self.edge)
        if source.kind is Plain:
            value = e.load(source.x + where)
        elif source.kind is BnAct:
            scale, shift = self.constants
            z = e.load(source.x + where) * scale + shift
            value = value_of(e, source.activation.kind, z)
        elif source.kind is BnBack:
            a, b, c = self.constants
            value = e.load(source.dout + where) * a + (e.load(source.y + where) * b + c)
        else:
            value = self._unpooled(p, q)
        if source.kind is BnPoolBack:
            _, b, c = self.constants
            value = value + (e.load(source.y + where) * b + c)
        return self._zero_outside(inside, value)

    def _find(self, place, y, x, edge):
        """Give whether a pixel lies inside, and its address relative to the map's."""
        where = pixel_offset(place, self.image, y, x, self.c) * 4
        if not edge:
            return None, where
        inside = self.e.both(y.below(place.H), x.below(place.W))
        return inside, self.e.choose(inside, where, self.e.int(0))

    def _zero_outside(self, inside, value):
        if inside is None:
            return value
        return self.e.choose(inside, value, self.e.constant(0))

    def _unpooled(self, p, q):
        """Write down what a pixel gets from its pooling window."""
        e, parity = self.e, self.parity
        if parity is None:
            y, x = self.y + p, self.x + q
            value, index = self._cell(y >> 1, x >> 1)
            code = e.byte_splat((y & 1) * 2 + (x & 1))
        else:
            i, j = (parity + p) // 2, (parity + q) // 2
            if (i, j) not in self.cells:
                rows, columns = (self.y - parity) >> 1, (self.x - parity) >> 1
                self.cells[i, j] = self._cell(rows + i, columns + j)
            value, index = self.cells[i, j]
            code = e.byte_constant((parity + p) % 2 * 2 + (parity + q) % 2)
        return e.where(e.bytes_equal(index, code), value, e.constant(0))

    def _cell(self, i, j):
        """Write down the reading of one pooled value and its place."""
        e, source = self.e, self.source
        # The last rows and columns of an odd map are in no window.
        inside, where = self._find(self.pooled, i, j, edge=True)
        a, b, c = self.constants
        value = e.load(source.dout + where) * a
        if source.kind is PoolBack:
            value = value + (e.load(source.y + where) * b + c)
        index = e.load_bytes(source.index + (where >> 2))
        return self._zero_outside(inside, value), index


class Writer:
    """Writes the outputs of one tile to a sink: one vector of channels."""

    def __init__(self, e, sink, place, image, c, block):
        self.e, self.sink, self.place = e, sink, place
        self.image, self.c = image, c
        if hasattr(sink, "sums"):
            self.sums = sink.sums + (block * 2 * place.C + c) * 4
            self.total, self.product = e.constant(0), e.constant(0)
        if sink.kind is StoreBias:
            self.bias = e.load(sink.bias + c * 4)
        if sink.kind is StoreBnPool:
            self.sign = e.load(sink.sign + c * 4)
        if sink.kind is ActBack:
            self.scale = e.load(sink.scale + c * 4)
            self.shift = e.load(sink.shift + c * 4)

    def tile(self, values, y, x, edge):
        """Write down the writing of values[i][j], whose first pixel is (y, x)."""
        for i, row in enumerate(values):
            for j, value in enumerate(row):
                inside = self._inside(y + i, x + j) if edge else None
                if self.sink.kind is not StorePool:
                    self._pixel(value, y + i, x + j, inside)
        if self.sink.kind in (StorePool, StoreBnPool):
            self._pool(values, y >> 1, x >> 1, edge)
        if hasattr(self.sink, "sums"):
            self._add_sums()

    def _inside(self, y, x):
        return self.e.both(y.below(self.place.H), x.below(self.place.W))

    def _pixel(self, value, y, x, inside):
        e, sink = self.e, self.sink
        where = pixel_offset(self.place, self.image, y, x, self.c) * 4
        if inside is not None:
            where = e.choose(inside, where, e.int(0))
        if sink.kind is StoreBias:
            value = value + self.bias
        factor = value
        if sink.kind is ActBack:
            factor = e.load(sink.y + where)
            z = factor * self.scale + self.shift
            value = back(e, sink.activation.kind, value, z)
        self._store(value, sink.out + where, inside)
        if hasattr(sink, "sums"):
            self._count(value, factor, inside)

    def _store(self, value, address, inside, write=None):
        write = write or self.e.store
        if inside is None:
            write(value, address)
            return
        with self.e.when(inside):
            write(value, address)

    def _count(self, value, factor, inside):
        if inside is not None:
            value = self.e.choose(inside, value, self.e.constant(0))
        self.total = self.total + value
        self.product = self.product + value * factor

    def _pool(self, values, y, x, edge):
        e, sink = self.e, self.sink
        pooled = Map(sink.height, sink.width, self.place.C)
        for i in range(len(values) // 2):
            for j in range(len(values[0]) // 2):
                window = [values[2 * i + p][2 * j + q] for p in (0, 1) for q in (0, 1)]
                best, place = self._largest(window)
                inside = None
                where = pixel_offset(pooled, self.image, y + i, x + j, self.c)
                if edge:
                    inside = e.both(
                        (y + i).below(sink.height), (x + j).below(sink.width)
                    )
                    where = e.choose(inside, where, e.int(0))
                out = sink.out if sink.kind is StorePool else sink.pooled
                self._store(best, out + where * 4, inside)
                self._store(place, sink.index + where, inside, e.store_bytes)
                if sink.kind is StorePool:
                    self._count(best, best, inside)

    def _largest(self, window):
        """Give the largest of four vectors, lane by lane, and which it was."""
        if self.sink.kind is StorePool:
            best, place, _ = winner(self.e, window)
            return best, place
        _, place, best = winner(self.e, [v * self.sign for v in window], window)
        return best, place

    def _add_sums(self):
        e, row = self.e, self.place.C * 4
        e.store(e.load(self.sums) + self.total, self.sums)
        e.store(e.load(self.sums + row) + self.product, self.sums + row)
