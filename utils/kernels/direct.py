"""Convolutions by their definition, for any filter, stride and padding.

The sum over the pixels of a window and their channels is a matrix product, if one
copies every window into a row of a matrix (im2col).  But the copy is HH * WW times
larger than the image, and the memory is slower than the arithmetic.  So we leave the
windows where they are: a row of the left matrix is *found* in the image at the address
of its window, and a step to the right is a step to the next channel.

    row of the product    one output pixel; the next begins stride * C numbers later
    step of the sum       the WW * C numbers of one line of a window lie side by side,
                          the HH lines are `a_outer` bytes apart
    column                one filter

`windows.window` does that for `ROWS` output pixels and `WIDTH` filters, all sums in
registers, which begin with the bias.

What moves.  A thread takes a *ticket*: some output rows of one or more images.  It
copies the input rows under them into scratch memory, with zeros around (see `slabs`;
without padding it reads in place), lists where each group of `GROUP` neighbouring
output pixels begins, and goes through panels of WIDTH filters and blocks of groups.
Scratch and panel stay in the second-level cache.

Gradient of the input.  With stride 1 it is a convolution of dout with the filters
turned by 180 degrees.  With stride s the pixels of x fall into s * s classes by
(y + pad) % s and (x + pad) % s; those of one class met the same taps of the filter, so
each class is a small convolution with stride 1, that writes every s-th pixel.

Gradient of the weights.  See `direct_weights`.

Threads.  Every output pixel belongs to one ticket, and a ticket to the thread that
takes it.  While it computes, it asks for the input of the ticket after the next.

Cost.  2 * HH * WW * C * K operations per output pixel, at 85 to 95 % of the peak of
the processor, and one copy of the input.
"""

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.compiler import kernel
from utils.kernels.direct_weights import backward_weights
from utils.kernels.gemm import WIDTH
from utils.kernels.scratch import own
from utils.kernels.simd import LANES, address, next_ticket, padded
from utils.kernels.slabs import (
    SMALL,
    check,
    describe,
    find_lines,
    flat,
    parts,
    row_pitch,
    slab_size,
)
from utils.kernels.windows import GROUP, GROUPS, window, window_one

__all__ = ["backward_data", "backward_weights", "forward"]

ENTRY = 3  # whole numbers that describe a group
TICKET = 128  # output pixels that make a ticket worth its copy
SLAB = 2**17  # numbers of input that a ticket copies at most, if it can be avoided


@kernel
def _groups(job, first, last, lines, spill, groups):
    """List input, output and size of each group of output pixels; give their number."""
    count, base = 0, address(job.out)
    for row in range(first, last):
        n, i = row // job.OH, row % job.OH
        out = base + (job.first + n * job.image + i * job.row) * 4
        for j in range(0, job.OW, GROUP):
            group = groups[count]
            group[0] = lines[row - first] + j * job.stride * job.C * 4
            group[1] = out + j * job.pixel * 4
            if job.kept < job.K:
                group[1] = address(spill) + count * GROUP * job.K * 4
            group[2] = min(GROUP, job.OW - j)
            count += 1
    for extra in range(count, count + GROUPS):  # to fill the last block
        groups[extra] = groups[0]
        groups[extra, 2] = 0
    return count


@kernel
def _multiply(job, groups, count, w, bias, soon):
    """Compute `count` groups of output pixels, panel after panel of filters.

    Meanwhile, ask for the input of the next ticket, which begins at `soon`.
    """
    depth, step = job.WW * job.C, job.stride * job.C * 4
    pitch, table = row_pitch(job) * 4, address(groups)
    pixel = (job.pixel if job.kept == job.K else job.K) * 4
    blocks = (count + GROUPS - 1) // GROUPS
    steps = (job.K + WIDTH - 1) // WIDTH * blocks * job.HH * depth
    pace = job.rows * job.stride * job.x.shape[2] * 4 // max(1, steps) + 1
    k = 0
    while k < job.K:
        panel, b = address(w) + k * job.HH * depth * 4, address(bias) + k * 4
        for block in range(blocks):
            at = table + block * GROUPS * ENTRY * 8
            args = at, step, depth, pitch, job.HH, panel, b, pixel, k * 4, soon, pace
            if job.K - k >= WIDTH:
                window(*args)
            else:
                window_one(*args)
            soon += job.HH * depth * pace
        k += WIDTH if job.K - k >= WIDTH else LANES


@kernel
def _unload(job, first, last, spill):
    """Move the channels that are kept from scratch memory to the output."""
    wide = (job.OW + GROUP - 1) // GROUP * GROUP
    for row in range(first, last):
        n, i = row // job.OH, row % job.OH
        for j in range(job.OW):
            at = ((row - first) * wide + j) * job.K
            to = job.first + n * job.image + i * job.row + j * job.pixel
            for k in range(job.kept):
                job.out[to + k] = spill[at + k]


@kernel
def _convolve(worker, workers, job, w, bias, slabs, tables, spills, counter):
    """Take tickets and compute their output rows."""
    total = job.x.shape[0] * job.OH
    lines = tables[worker, : job.rows]
    groups = tables[worker, job.rows :]
    groups = groups[: len(groups) // ENTRY * ENTRY].reshape(-1, ENTRY)
    while True:
        first = next_ticket(counter) * job.rows
        if first >= total:
            return
        last = min(total, first + job.rows)
        find_lines(job, first, last, slabs[worker], lines)
        count = _groups(job, first, last, lines, spills[worker], groups)
        next_first = min(first + workers * job.rows, total - 1)
        n, i, _ = parts(job, next_first, total)
        soon = (
            address(job.x) + (n * job.x.shape[1] + i * job.stride) * job.x.shape[2] * 4
        )
        _multiply(job, groups, count, w, bias, soon)
        if job.kept < job.K:
            _unload(job, first, last, spills[worker])


@kernel
def _pack_weights(worker, workers, w, panels):
    """Cut w (taps, K) into panels (taps, WIDTH); what is left over, LANES wide."""
    taps, K = w.shape
    for tap in range(taps * worker // workers, taps * (worker + 1) // workers):
        k = 0
        while k < K:
            width = WIDTH if K - k >= WIDTH else LANES
            at = k * taps + tap * width
            for j in range(width):
                panels[at + j] = w[tap, k + j]
            k += width


@kernel
def _pack_turned(worker, workers, w, p, q, stride, columns, panels):
    """Do the same for the taps p, p + s, ... and q, q + s, ..., turned, K with C."""
    HH, WW, C, K = w.shape
    high, wide = (HH - p + stride - 1) // stride, (WW - q + stride - 1) // stride
    taps = high * wide * K
    for tap in range(taps * worker // workers, taps * (worker + 1) // workers):
        square, k = tap // K, tap % K
        i, j = square // wide, square % wide
        source = w[p + (high - 1 - i) * stride, q + (wide - 1 - j) * stride]
        c = 0
        while c < columns:
            width = WIDTH if columns - c >= WIDTH else LANES
            at = c * taps + tap * width
            for lane in range(width):
                inside = c + lane < C
                panels[at + lane] = source[c + lane, k] if inside else 0
            c += width


def _with_tickets(job, pixels):
    """Choose how many output rows make a ticket of about so many pixels or more."""
    total = len(job.x) * job.OH
    rows = job.OH * max(1, pixels // (job.OH * job.OW))
    while slab_size(job._replace(rows=rows)) > SLAB and rows * job.OW > 2 * pixels:
        rows = -(-rows // 2)
    share = -(-total // (4 * threads.count()))
    return job._replace(rows=max(1, min(rows, share)))


def _run(job, panels, bias):
    memory, workers = own(), threads.count()
    groups = job.rows * -(-job.OW // GROUP) + GROUPS
    slabs = memory.get("slab", workers, slab_size(job) if job.copies else 0)
    tables = memory.get("table", workers, 2 * (job.rows + ENTRY * groups))
    spilled = groups * GROUP * job.K if job.kept < job.K else 0
    spills = memory.get("spill", workers, spilled)
    counter = np.zeros(1, np.int64)
    tables = tables.view(np.int64)
    threads.each(_convolve, job, panels, bias, slabs, tables, spills, counter)


def forward(x, w, b, out, stride, pad):
    """Convolve.

    Parameters
    ----------
    x : ndarray of shape (N, H, W, C)
        float32 in C order, as all arrays here; any C.
    w : ndarray of shape (HH, WW, C, K)
        K is a multiple of `simd.LANES`.
    b : ndarray of shape (K,) or None
        Added to every pixel of the output.
    out : ndarray of shape (N, H_out, W_out, K)
        Is overwritten.
    stride, pad : int

    Raises
    ------
    ValueError
        If the arrays do not belong to one convolution; see `slabs.check`.
    """
    check(x, w, out, stride, pad, b)
    expect.written(out=out)
    HH, WW, C, K = w.shape
    if HH == WW == stride == 1 and pad == 0:
        x, out = flat(x, out)
    job = describe(x, out, (HH, WW), (pad, pad), stride, out.shape[1:3])
    panels = own().get("panels", 1, w.size)[0]
    threads.each_above(SMALL, w.size, _pack_weights, w.reshape(-1, K), panels)
    if b is None:
        b = own().get("no bias", 1, K)[0]
        b[:] = 0
    _run(_with_tickets(job, TICKET), panels, b)


def backward_data(dout, w, dx, stride, pad):
    """Compute the gradient of the input of `forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, H_out, W_out, K)
    w : ndarray of shape (HH, WW, C, K)
    dx : ndarray of shape (N, H, W, C)
        Is overwritten.
    stride, pad : int
        Those of the forward pass.
    """
    check(dx, w, dout, stride, pad)
    expect.written(dx=dx)
    HH, WW, C, K = w.shape
    if HH == WW == stride == 1 and pad == 0:
        dx, dout = flat(dx, dout)
    H, W = dx.shape[1:3]
    columns = padded(C)
    panels = own().get("panels", 1, HH * WW * K * columns)[0]
    none = own().get("no bias", 1, columns)[0]
    none[:] = 0
    for p, q in np.ndindex(stride, stride):
        # Pixels y = first + stride * i met the taps p, p + stride, ... in the output
        # rows shift + i, shift + i - 1, ...
        (y, x), shifts = _first_pixels(p, q, stride, pad)
        taps = [max(0, -(-(size - tap) // stride)) for size, tap in ((HH, p), (WW, q))]
        pixels = -(-(H - y) // stride), -(-(W - x) // stride)
        if min(pixels) < 1:
            continue
        if 0 in taps:
            taps = 0, 0
        pads = [tap - 1 - shift for tap, shift in zip(taps, shifts, strict=True)]
        job = describe(dout, dx, taps, pads, 1, pixels, at=(y, x), every=stride)
        if 0 not in taps:
            size = taps[0] * taps[1] * K * columns
            args = w, p, q, stride, columns, panels
            threads.each_above(SMALL, size, _pack_turned, *args)
        _run(_with_tickets(job, TICKET), panels, none)


def _first_pixels(p, q, stride, pad):
    first = [(tap - pad) % stride for tap in (p, q)]
    return first, [
        (y + pad - tap) // stride for y, tap in zip(first, (p, q), strict=True)
    ]
