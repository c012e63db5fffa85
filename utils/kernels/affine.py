"""Fully connected layers: three matrix products with the microkernel of `gemm`.

    forward    out (N, M) = x (N, D) @ w (D, M) + b
    data       dx  (N, D) = dout (N, M) @ w.T
    weights    dw  (D, M) = x.T @ dout

A library for matrix products expects large square matrices.  Behind a convolution they
are lopsided: D is 8192 and M is 100, so w is the large matrix, each number of it is
used only N times, and the time goes into moving it.  So each pass reads w (or writes
dw) exactly once per thread, in pieces that stay in the first-level cache:

- *Panels.*  Columns are done `WIDTH` at a time.  The piece of w under a panel is copied
  to where its rows lie side by side (transposed, for the gradient of x).
- *Rows of x* are 4 * D bytes apart.  If that is a multiple of 4096, twelve of them
  compete for the same lines of the cache, so a block of x is copied as well.

Threads.  Forward, each owns a share of the images; for the gradients of x and of w, a
share of D.  Nothing is added up across threads.

Cost.  2 * N * D * M operations per pass, and D * M numbers moved.
"""

import numpy as np

from utils.kernels import expect, gemm, threads
from utils.kernels.compiler import kernel
from utils.kernels.gemm import FEW, LAST, WIDTH
from utils.kernels.scratch import own
from utils.kernels.simd import BYTES, COLUMNS, LANES, ROWS, address, instruction, turn

DEPTH = 256  # rows of w in a piece: 256 x 32 numbers fit the first-level cache
ROW = WIDTH * 4


@instruction
def _copy(e, x, out):
    e.store(e.load(x), out)


@instruction
def _clear(e, out):
    e.store(e.constant(0), out)


@instruction
def _finish(e, sums, b, floor, out):
    """Add the bias; floor is 0 for a ReLU and -inf for none."""
    value = e.load(sums) + e.load(b)
    smaller = e.builder.fcmp_ordered("<", value.value, floor.value)
    e.store(e.where(smaller, floor, value), out)


@kernel
def _copy_rows(x, x_row, rows, vectors, out, out_row):
    for i in range(rows):
        for j in range(vectors):
            _copy(x + i * x_row + j * BYTES, out + i * out_row + j * BYTES)


@kernel
def _pack(w, w_row, depth, vectors, out):
    """Copy a panel (depth, vectors * LANES); what is missing to WIDTH becomes 0."""
    for d in range(depth):
        for j in range(COLUMNS):
            to = out + d * ROW + j * BYTES
            if j < vectors:
                _copy(w + d * w_row + j * BYTES, to)
            else:
                _clear(to)


@kernel
def _multiply(rows, a, a_row, a_step, depth, b, c, c_row):
    """Add a @ b to c (rows, WIDTH): in blocks of ROWS, FEW, LAST, and single rows."""
    i = 0
    while i < rows:
        left, out = a + i * a_row, c + i * c_row
        if rows - i >= ROWS:
            gemm.add_product(left, a_row, a_step, depth, b, out, c_row, left)
            i += ROWS
        elif rows - i >= FEW:
            gemm.add_few_product(left, a_row, a_step, depth, b, out, c_row, left)
            i += FEW
        elif rows - i >= LAST:
            gemm.add_last_product(left, a_row, a_step, depth, b, out, c_row, left)
            i += LAST
        else:
            gemm.add_row(left, a_row, a_step, depth, b, out, c_row, left)
            i += 1


@kernel
def _forward(worker, workers, x, w, b, floor, out, scratch):
    N, D = x.shape
    M = w.shape[1]
    panels = (M + WIDTH - 1) // WIDTH
    start, stop = N * worker // workers, N * (worker + 1) // workers
    if start == stop:
        return
    sums = address(scratch[worker])
    sums_row = panels * ROW
    packed = sums + (stop - start) * sums_row
    block = packed + panels * DEPTH * ROW
    block_row = DEPTH * 4 + 64
    for place in range(sums, packed, BYTES):
        _clear(place)
    for d in range(0, D, DEPTH):
        depth = min(DEPTH, D - d)
        for k in range(panels):
            vectors = min(COLUMNS, M // LANES - k * COLUMNS)
            piece = address(w) + (d * M + k * WIDTH) * 4
            _pack(piece, M * 4, depth, vectors, packed + k * DEPTH * ROW)
        for i in range(start, stop, ROWS):
            rows = min(ROWS, stop - i)
            pixels = address(x) + (i * D + d) * 4
            _copy_rows(pixels, D * 4, rows, depth // LANES, block, block_row)
            for k in range(panels):
                right = packed + k * DEPTH * ROW
                to = sums + (i - start) * sums_row + k * ROW
                _multiply(rows, block, block_row, 4, depth, right, to, sums_row)
    for i in range(start, stop):
        for j in range(M // LANES):
            at = sums + (i - start) * sums_row + j * BYTES
            to = address(out) + (i * M + j * LANES) * 4
            _finish(at, address(b) + j * BYTES, floor, to)


@kernel
def _backward_data(worker, workers, dout, w, dx, scratch):
    N, M = dout.shape
    D = w.shape[0]
    vectors = D // LANES
    first, last = vectors * worker // workers, vectors * (worker + 1) // workers
    packed = address(scratch[worker])
    sums = packed + M * ROW
    for vector in range(first, last, COLUMNS):
        count = min(COLUMNS, last - vector)
        for j in range(COLUMNS):
            for m in range(0, M, LANES):
                to = packed + m * ROW + j * BYTES
                if j < count:
                    at = address(w) + ((vector + j) * LANES * M + m) * 4
                    turn(at, M * 4, to, ROW)
        for place in range(sums, sums + N * ROW, BYTES):
            _clear(place)
        _multiply(N, address(dout), M * 4, 4, M, packed, sums, ROW)
        to = address(dx) + vector * BYTES
        _copy_rows(sums, ROW, N, count, to, D * 4)


@kernel
def _backward_weights(worker, workers, x, dout, dw, db, scratch):
    N, D = x.shape
    M = dout.shape[1]
    panels = (M + WIDTH - 1) // WIDTH
    vectors = D // LANES
    first, last = vectors * worker // workers, vectors * (worker + 1) // workers
    packed = address(scratch[worker])
    block = packed + panels * N * ROW
    sums = block + N * ROW
    for k in range(panels):
        count = min(COLUMNS, M // LANES - k * COLUMNS)
        piece = address(dout) + k * ROW
        _pack(piece, M * 4, N, count, packed + k * N * ROW)
    for vector in range(first, last, COLUMNS):
        wide = min(COLUMNS, last - vector)
        _copy_rows(address(x) + vector * BYTES, D * 4, N, wide, block, ROW)
        for k in range(panels):
            for place in range(sums, sums + wide * LANES * ROW, BYTES):
                _clear(place)
            right = packed + k * N * ROW
            _multiply(wide * LANES, block, 4, ROW, N, right, sums, ROW)
            count = min(COLUMNS, M // LANES - k * COLUMNS)
            to = address(dw) + (vector * LANES * M + k * WIDTH) * 4
            _copy_rows(sums, ROW, wide * LANES, count, to, M * 4)
    if worker == 0:
        db[:] = 0
        for n in range(N):
            for m in range(M):
                db[m] += dout[n, m]


def _sizes(name, images, other_name, other):
    """Give N and D of images (N, D), and the M of another matrix (..., M)."""
    expect.axes(2, **{name: images, other_name: other})
    return *images.shape, other.shape[1]


def forward(x, w, b, out, relu=False):
    """Multiply images by a weight matrix, add a bias, and perhaps rectify.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        float32 in C order, as all arrays here; D a multiple of `simd.LANES`.
    w : ndarray of shape (D, M)
        M a multiple of `simd.LANES`.
    b : ndarray of shape (M,)
    out : ndarray of shape (N, M)
        Is overwritten.
    relu : bool, optional
        Whether negative outputs become 0.

    Raises
    ------
    ValueError
        If arrays do not fit together or are not what kernels expect.
    """
    expect.maps(x=x, w=w, b=b, out=out)
    expect.written(out=out)
    N, D, M = _sizes("x", x, "w", w)
    expect.same_shape((D, M), w=w)
    expect.same_shape((M,), b=b)
    expect.same_shape((N, M), out=out)
    panels = -(-w.shape[1] // WIDTH)
    size = panels * (len(x) + DEPTH) * WIDTH + ROWS * (DEPTH + 16)
    work = own().get("affine", threads.count(), size)
    floor = np.float32(0 if relu else -np.inf)
    threads.each(_forward, x, w, b, floor, out, work)


def backward_data(dout, w, dx):
    """Compute dx (N, D) from dout (N, M) and w (D, M); dx is overwritten."""
    expect.maps(dout=dout, w=w, dx=dx)
    expect.written(dx=dx)
    N, D, M = _sizes("dx", dx, "w", w)
    expect.same_shape((D, M), w=w)
    expect.same_shape((N, M), dout=dout)
    size = (w.shape[1] + len(dx)) * WIDTH
    work = own().get("affine", threads.count(), size)
    threads.each(_backward_data, dout, w, dx, work)


def backward_weights(x, dout, dw, db):
    """Compute dw (D, M) and db (M,) from x (N, D) and dout (N, M)."""
    expect.maps(x=x, dout=dout, dw=dw, db=db)
    expect.written(dw=dw, db=db)
    N, D, M = _sizes("x", x, "dout", dout)
    expect.same_shape((N, M), dout=dout)
    expect.same_shape((D, M), dw=dw)
    expect.same_shape((M,), db=db)
    panels = -(-dw.shape[1] // WIDTH)
    size = (panels + 1) * len(x) * WIDTH + WIDTH * WIDTH
    work = own().get("affine", threads.count(), size)
    threads.each(_backward_weights, x, dout, dw, db, work)
