"""The gradients of weights and bias of a direct convolution.

    dw[p, q, c, k] = sum over all output pixels of x[pixel under (p, q), c] * dout[k]

is a matrix product over pixels.  The numbers (q, c) of line p of a window lie side by
side in the image: they are the rows of the product, filters are its columns.

What moves.  A thread goes through its share of the output rows, a *chunk* of about
CHUNK pixels at a time.  For each panel of WIDTH filters it packs dout of the chunk side
by side, which also adds up db, and then computes all rows of dw, block after block;
the packed panel stays in the first-level cache meanwhile.  dw itself is read and
written once per chunk.

Threads.  A fixed share of the chunks each, into sums of their own, which are added in
order at the end: the result is the same from run to run.

Cost.  2 * HH * WW * C * K operations per output pixel; every thread holds a whole dw.
"""

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.compiler import kernel
from utils.kernels.gemm import WIDTH
from utils.kernels.scratch import own
from utils.kernels.simd import ROWS, address
from utils.kernels.slabs import (
    SMALL,
    check,
    describe,
    find_lines,
    flat,
    row_pitch,
    slab_size,
)
from utils.kernels.windows import LOW, correlation, correlation_low, cover, pack

CHUNK = 192  # pixels whose products are summed up in registers


@kernel
def _correlate(worker, workers, job, high, low, slabs, tables, panels, sums):
    """Sum up this thread's share of dw: (panels, HH, height, WIDTH), and of db."""
    total, line = job.x.shape[0] * job.OH, job.OW * job.K
    height = high * ROWS + low * LOW
    mine, lines, panel = sums[worker], tables[worker], address(panels[worker])
    mine[:] = 0
    dw, db = address(mine[job.K :]), address(mine)
    chunks, pitch = (total + job.rows - 1) // job.rows, row_pitch(job)
    for chunk in range(chunks * worker // workers, chunks * (worker + 1) // workers):
        first = chunk * job.rows
        count = min(job.rows, total - first)
        find_lines(job, first, first + count, slabs[worker], lines)
        source = address(job.out) + first * line * 4
        soon = source + count * line * 4
        panels, calls = (job.K + WIDTH - 1) // WIDTH, job.HH * (high + low)
        pace = line * 4 // (panels * calls * job.OW) + 1
        for k in range(0, job.K, WIDTH):
            pack(
                source + k * 4, job.K * 4, job.K - k, count * job.OW, panel, db + k * 4
            )
            for p in range(job.HH):
                row = (k // WIDTH * job.HH + p) * height
                _correlate_line(
                    job, p * pitch, high, low, lines, count, panel, dw, row, soon, pace
                )
                soon += (high + low) * count * job.OW * pace


@kernel
def _correlate_line(job, a, high, low, lines, count, panel, dw, row, soon, pace):
    """Add the products of one line of the windows to dw."""
    step, width, table = job.stride * job.C * 4, job.OW, address(lines)
    for block in range(high + low):
        at = min(block, high) * ROWS + max(0, block - high) * LOW
        to = dw + (row + at) * WIDTH * 4
        start = (a + at) * 4
        if block < high:
            correlation(start, table, count, step, width, panel, to, soon, pace)
        else:
            correlation_low(start, table, count, step, width, panel, to, soon, pace)
        soon += count * job.OW * pace


@kernel
def _add_shares(worker, workers, height, sums, dw, db):
    """Add the threads' sums, in order; dw (HH, WW * C, K)."""
    HH, length, K = dw.shape
    shares = len(sums)
    for row in range(
        HH * length * worker // workers, HH * length * (worker + 1) // workers
    ):
        p, q = row // length, row % length
        for k in range(0, K, WIDTH):
            at = K + ((k // WIDTH * HH + p) * height + q) * WIDTH
            to = dw[p, q, k : k + WIDTH]
            to[:] = sums[0, at : at + len(to)]
            for share in range(1, shares):
                part = sums[share, at : at + len(to)]
                for j in range(len(to)):
                    to[j] += part[j]
    if worker == 0:
        for k in range(K):
            db[k] = sums[0, k]
            for share in range(1, shares):
                db[k] += sums[share, k]


def backward_weights(x, dout, dw, db, stride, pad):
    """Compute the gradients of weights and bias of `direct.forward`.

    Parameters
    ----------
    x : ndarray of shape (N, H, W, C)
    dout : ndarray of shape (N, H_out, W_out, K)
    dw : ndarray of shape (HH, WW, C, K)
        Is overwritten.
    db : ndarray of shape (K,) or None
        Is overwritten.
    stride, pad : int
        Those of the forward pass.

    Raises
    ------
    ValueError
        If the arrays do not belong to one convolution; see `slabs.check`.
    """
    check(x, dw, dout, stride, pad, db)
    expect.written(dw=dw)
    HH, WW, C, K = dw.shape
    if HH == WW == stride == 1 and pad == 0:
        x, dout = flat(x, dout)
    memory, workers = own(), threads.count()
    height, high, low = cover(WW * C, LOW)
    job = describe(x, dout, (HH, WW), (pad, pad), stride, dout.shape[1:3])
    rows = max(1, min(CHUNK // job.OW, -(-len(x) * job.OH // workers)))
    job = job._replace(rows=rows, copies=job.copies or height != WW * C)
    slabs = memory.get("slab", workers, slab_size(job) if job.copies else 0)
    tables = memory.get("table", workers, 2 * rows).view(np.int64)
    panels = memory.get("panel", workers, rows * job.OW * WIDTH)
    size = K + -(-K // WIDTH) * HH * height * WIDTH
    sums = memory.get("sums", workers, size)
    threads.each(_correlate, job, high, low, slabs, tables, panels, sums)
    if db is None:
        db = memory.get("no db", 1, K)[0]
    dw = dw.reshape(HH, WW * C, K)
    threads.each_above(SMALL, workers * dw.size, _add_shares, height, sums, dw, db)
