"""Sources and sinks of `fusion` where no convolution stands between them.

What moves:  the arrays of the source into those of the sink, vector after vector.
Threads:     each owns a share of the blocks of images; a block is what one row of a
             sink's sums is taken over.
Cost:        one read of everything the source needs, one write: use it only where the
             result is read so often, or is so expensive, that computing it anew each
             time would cost more; or where some other kernel has written the source.
"""

from utils.kernels import expect, threads
from utils.kernels.compiler import kernel
from utils.kernels.fusion import Map, Reader, Store, StoreBnPool, StorePool, Writer
from utils.kernels.fusion_check import check_sink, check_source
from utils.kernels.simd import LANES, instruction

POOLED = StorePool, StoreBnPool
ROWS = 64  # blocks of images: enough for all threads, few enough to add up
FEW = 1 << 14  # numbers, up to which waking a thread takes longer than the work


def _copy(e, source, place, sink, target, image, y, x, c, block, edge):
    """Write down the copying of one pixel, or of one window that is pooled."""
    pixels = range(2 if sink.kind in POOLED else 1)
    reader = Reader(e, source, place, image, y, x, c, edge)
    values = [[reader.pixel(p, q) for q in pixels] for p in pixels]
    Writer(e, sink, target, image, c, block).tile(values, y, x, edge)


@instruction
def _copy_inside(e, source, place, sink, target, image, y, x, c, block):
    _copy(e, source, place, sink, target, image, y, x, c, block, edge=False)


@instruction
def _copy_edge(e, source, place, sink, target, image, y, x, c, block):
    _copy(e, source, place, sink, target, image, y, x, c, block, edge=True)


@kernel
def _move(worker, workers, source, place, sink, target, step, N, blocks):
    H, W, C = target.H, target.W, target.C
    for block in range(blocks * worker // workers, blocks * (worker + 1) // workers):
        for image in range(N * block // blocks, N * (block + 1) // blocks):
            for y in range(0, H, step):
                for x in range(0, W, step):
                    inside = y + step <= H and x + step <= W
                    for c in range(0, C, LANES):
                        if inside:
                            _copy_inside(
                                source, place, sink, target, image, y, x, c, block
                            )
                        else:
                            _copy_edge(
                                source, place, sink, target, image, y, x, c, block
                            )


def blocks(N):
    """Give the rows of `sums` that `move` fills for N images."""
    return min(N, ROWS)


def move(source, sink, place, out_size=None):
    """Hand the numbers of a source to a sink.

    Parameters
    ----------
    source, sink : named tuples of `fusion`
        The sums of a sink have ``blocks(N)`` rows.
    place : tuple of 4 ints
        (N, H, W, C) of the map that the source stands for.
    out_size : tuple of 2 ints, optional
        (rows, columns) that are moved, from the top left corner; by default all.

    Raises
    ------
    ValueError
        If source and sink do not fit together or are not what kernels expect.
    """
    N, *place = place
    place = Map(*place)
    target = place if out_size is None else Map(*out_size, place.C)
    if target.H > place.H or target.W > place.W:
        raise ValueError(
            f"out_size is {out_size}, expected at most {tuple(place[:2])}."
        )
    step = 2 if type(sink) in POOLED else 1
    rows = blocks(N)
    check_source(source, N, place)
    check_sink(sink, N, target, rows, (2, 2))
    if hasattr(sink, "sums"):
        sink.sums[:] = 0
    size = N * target.H * target.W * target.C
    args = source, place, sink, target, step, N, rows
    threads.each_above(FEW, size, _move, *args)


def fill(source, out):
    """Write a source out.

    Parameters
    ----------
    source : named tuple of `fusion`
    out : ndarray of shape (N, H, W, C), float32
        Is overwritten; may be a map of this shape in the source.

    Raises
    ------
    ValueError
        If source and out do not fit together or are not what kernels expect.
    """
    expect.axes(4, out=out)
    move(source, Store(out), out.shape)
