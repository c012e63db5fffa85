"""Where a direct convolution finds its input: in place, or copied with zeros around.

A *slab* is the input under some output rows, which may belong to several images.  If no
window reaches over the edge of an image, it is read where it is.  Otherwise its rows
are copied into scratch memory, `pad` zeros before and behind, and zeros for the rows
above and below.  A row of the copy is a little longer than the windows need, so that
groups of GROUP windows and blocks of ROWS numbers may look beyond the last one.

Cost: one copy of the input, which then lies in the second-level cache; a few percent of
the time of a convolution.  Each thread copies for itself.
"""

from typing import NamedTuple

import numpy as np

from utils.kernels import expect
from utils.kernels.compiler import kernel
from utils.kernels.simd import LANES, ROWS, address, padded
from utils.kernels.windows import GROUP

SMALL = 2**16  # numbers that one thread has moved before two have begun


class Job(NamedTuple):
    """One convolution, as the kernels see it; sizes in numbers, not bytes."""

    x: np.ndarray  # (N, H, W * C)
    out: np.ndarray  # all numbers of the output, in a row
    HH: int
    WW: int
    C: int
    K: int  # whole vectors
    stride: int
    top: int  # rows and columns of zeros before the first pixel
    left: int
    OH: int
    OW: int
    first: int  # where the output begins
    image: int  # from one image, row, pixel of the output to the next
    row: int
    pixel: int
    kept: int  # channels of a pixel that are stored: all, or fewer than K
    rows: int  # of output in a ticket
    copies: bool  # whether the input must be copied


@kernel
def _copy_rows(job, n, top, count, to):
    """Copy `count` input rows from `top` on, with zeros around; give the next place."""
    H, length = job.x.shape[1:]
    pitch = row_pitch(job)
    before = max(0, job.left) * job.C
    start = max(0, -job.left) * job.C
    inside = max(0, min(length - start, pitch - before))
    for y in range(top, top + count):
        line = to[:pitch]
        if 0 <= y < H:
            line[:before] = 0
            line[before : before + inside] = job.x[n, y, start : start + inside]
            line[before + inside :] = 0
        else:
            line[:] = 0
        to = to[pitch:]
    return to


@kernel
def row_pitch(job):
    """Give the length of a row of input: in place, or copied with room for groups."""
    if not job.copies:
        return job.x.shape[2]
    wide = (job.OW + GROUP - 1) // GROUP * GROUP
    return ((wide - 1) * job.stride + job.WW) * job.C


@kernel
def parts(job, first, last):
    """Give image, row and count of the output rows from `first` on, of one image."""
    n, i = first // job.OH, first % job.OH
    return n, i, min(job.OH - i, last - first)


@kernel
def find_lines(job, first, last, scratch, lines):
    """List where the input of each output row begins; copy it there if need be."""
    pitch, at = row_pitch(job), 0
    while first < last:
        n, i, count = parts(job, first, last)
        top = i * job.stride - job.top
        start = (
            address(job.x) + ((n * job.x.shape[1] + top) * pitch - job.left * job.C) * 4
        )
        if job.copies:
            start = address(scratch)
            scratch = _copy_rows(
                job, n, top, (count - 1) * job.stride + job.HH, scratch
            )
        for row in range(count):
            lines[at + row] = start + row * job.stride * pitch * 4
        at += count
        first += count


def check(x, w, out, stride, pad, b=None):
    """Raise an error unless the arrays belong to one convolution.

    Parameters
    ----------
    x, w, out : ndarray
        Or their gradients: (N, H, W, C), (HH, WW, C, K), (N, H_out, W_out, K).
    stride, pad : int
    b : ndarray of shape (K,), optional
        Or its gradient.

    Raises
    ------
    ValueError
        If one is not float32 in C order, K is no multiple of `simd.LANES`, a shape
        does not follow from the others, or the window is larger than the image.
    """
    if x.dtype != np.float32 or not x.flags.c_contiguous:
        raise ValueError(f"x is {x.dtype}, expected float32 in C order.")
    expect.maps(w=w, out=out)
    expect.axes(4, x=x, w=w, out=out)
    expect.at_least(1, stride=stride)
    expect.at_least(0, pad=pad)
    (N, H, W, C), (HH, WW, _, K) = x.shape, w.shape
    if b is not None:
        expect.maps(b=b)
        expect.same_shape((K,), b=b)
    size = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    if min(size) < 1:
        raise ValueError(f"{HH} x {WW} filters on images {x.shape} with pad {pad}.")
    expect.same_shape((HH, WW, C, K), w=w)
    expect.same_shape((N, *size, K), out=out)


def flat(*maps):
    """View maps (N, H, W, C) as many short images of one row: for 1 x 1 filters."""
    pixels = maps[0].size // maps[0].shape[3]
    width = next((w for w in (64, 32, 16, 8, 4) if pixels % w == 0), None)
    if width is None:
        return maps
    return [m.reshape(pixels // width, 1, width, m.shape[3]) for m in maps]


def describe(x, out, taps, pads, stride, size, at=(0, 0), every=1):
    """Describe a convolution.

    Parameters
    ----------
    x, out : ndarray of shape (N, H, W, C)
    taps, pads : height and width of the filters; zeros above and to the left
    stride : int
    size : rows and columns of output
    at, every : the first pixel of out that is written, and the distance of the next

    Returns
    -------
    Job
    """
    (N, H, W, C), (_, out_H, out_W, out_C) = x.shape, out.shape
    (HH, WW), (top, left), (OH, OW) = taps, pads, size
    wide = -(-OW // GROUP) * GROUP
    copies = top > 0 or left > 0 or (OH - 1) * stride + HH - top > H
    copies |= (wide - 1) * stride + WW - left > W
    row = out_W * out_C
    return Job(
        x=x.reshape(N, H, W * C),
        out=out.reshape(-1),
        HH=HH,
        WW=WW,
        C=C,
        K=padded(out_C),
        stride=stride,
        top=top,
        left=left,
        OH=OH,
        OW=OW,
        first=at[0] * row + at[1] * out_C,
        image=out_H * row,
        row=every * row,
        pixel=every * out_C,
        kept=out_C,
        rows=1,
        copies=bool(copies),
    )


def slab_size(job):
    """Give the size of the copied input of a ticket."""
    wide = -(-job.OW // GROUP) * GROUP
    pitch = ((wide - 1) * job.stride + job.WW) * job.C
    images = -(-job.rows // job.OH) + 1
    return (job.rows * job.stride + images * job.HH) * pitch + 2 * ROWS * LANES
