"""Sources of `fusion` written out as maps, where no convolution is there to read them.

What moves:  the arrays of the source into out, vector after vector.
Threads:     each owns a share of the images.
Cost:        one read of everything the source needs, one write: use it only where the
             result is read so often, or is so expensive, that computing it anew each
             time would cost more.
"""

from utils.kernels import expect, threads
from utils.kernels.compiler import kernel
from utils.kernels.fusion import Map, Reader
from utils.kernels.fusion_check import check_source
from utils.kernels.simd import LANES, address, instruction


@instruction
def _write(e, source, place, image, y, x, c, out):
    e.store(Reader(e, source, place, image, y, x, c).pixel(0, 0), out)


@kernel
def _fill(worker, workers, source, place, out):
    N, H, W, C = out.shape
    start, stop = N * worker // workers, N * (worker + 1) // workers
    at = address(out) + start * H * W * C * 4
    for image in range(start, stop):
        for y in range(H):
            for x in range(W):
                for c in range(0, C, LANES):
                    _write(source, place, image, y, x, c, at)
                    at += LANES * 4


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
    expect.maps(out=out)
    expect.axes(4, out=out)
    expect.written(out=out)
    place = Map(*out.shape[1:])
    check_source(source, len(out), place)
    threads.each(_fill, source, place, out)
