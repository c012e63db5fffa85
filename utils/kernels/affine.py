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
  If M is no multiple of `WIDTH`, the last panel overlaps the one before: the same
  thread computes some columns twice.
- *Rows of x* are 4 * D bytes apart.  If that is a multiple of 4096, twelve of them
  compete for the same lines of the cache, so a block of x is copied as well.
- *Rows that are missing* to a multiple of `LAST` are computed as well, from zeros: four
  rows take half as long as two single ones.

Threads.  Forward, each owns a share of the images, or of the columns of w: of the
larger one, because all threads read the other.  For the gradients of x and of w, each
owns a share of D.  Nothing is added up across threads.

Cost.  2 * N * D * M operations per pass, and D * M numbers moved.
"""

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
def _finish(e, sums, b, out):
    """Add the bias."""
    e.store(e.load(sums) + e.load(b), out)


@kernel
def _copy_rows(x, x_row, rows, vectors, out, out_row):
    for i in range(rows):
        for j in range(vectors):
            _copy(x + i * x_row + j * BYTES, out + i * out_row + j * BYTES)


@kernel
def _clear_all(start, stop):
    for place in range(start, stop, BYTES):
        _clear(place)


@kernel
def _whole(rows):
    """Round up to blocks of LAST rows."""
    return (rows + LAST - 1) // LAST * LAST


@kernel
def _column(panel, M):
    """Give the first column of a panel: the last one ends where the matrix does."""
    return min(panel * WIDTH, max(0, M - WIDTH))


@kernel
def _pack(w, w_row, depth, M, out):
    """Copy a panel (depth, WIDTH); what is missing of its columns becomes 0."""
    vectors = min(COLUMNS, M // LANES)
    for d in range(depth):
        for j in range(COLUMNS):
            to = out + d * ROW + j * BYTES
            if j < vectors:
                _copy(w + d * w_row + j * BYTES, to)
            else:
                _clear(to)


@kernel
def _multiply(rows, a, a_row, a_step, depth, b, c, c_row):
    """Add a @ b to c (rows, WIDTH), in blocks of ROWS, FEW and LAST rows."""
    i = 0
    while i < rows:
        left, out = a + i * a_row, c + i * c_row
        if rows - i >= ROWS:
            gemm.add_product(left, a_row, a_step, depth, b, out, c_row, left)
            i += ROWS
        elif rows - i >= FEW:
            gemm.add_few_product(left, a_row, a_step, depth, b, out, c_row, left)
            i += FEW
        else:
            gemm.add_last_product(left, a_row, a_step, depth, b, out, c_row, left)
            i += LAST


@kernel
def _write_product(rows, a, a_row, a_step, depth, b, c, c_row):
    """Write a @ b to c (rows, WIDTH)."""
    i = 0
    while i < rows:
        left, out = a + i * a_row, c + i * c_row
        if rows - i >= ROWS:
            gemm.product(left, a_row, a_step, depth, b, out, c_row, left)
            i += ROWS
        elif rows - i >= FEW:
            gemm.few_product(left, a_row, a_step, depth, b, out, c_row, left)
            i += FEW
        else:
            gemm.last_product(left, a_row, a_step, depth, b, out, c_row, left)
            i += LAST


@kernel
def _forward(worker, workers, x, w, b, out, by_columns, scratch):
    N, D = x.shape
    M = w.shape[1]
    start, stop, begin, end = 0, N, 0, (M + WIDTH - 1) // WIDTH
    if by_columns:
        begin, end = end * worker // workers, end * (worker + 1) // workers
    else:
        start, stop = N * worker // workers, N * (worker + 1) // workers
    panels = end - begin
    if start == stop or not panels:
        return
    sums = address(scratch[worker])
    sums_row = panels * ROW
    packed = sums + _whole(stop - start) * sums_row
    block = packed + panels * DEPTH * ROW
    block_row = DEPTH * 4 + 64
    _clear_all(sums, packed)
    for d in range(0, D, DEPTH):
        depth = min(DEPTH, D - d)
        for k in range(panels):
            piece = address(w) + (d * M + _column(begin + k, M)) * 4
            _pack(piece, M * 4, depth, M, packed + k * DEPTH * ROW)
        for i in range(start, stop, ROWS):
            rows = min(ROWS, stop - i)
            pixels = address(x) + (i * D + d) * 4
            _copy_rows(pixels, D * 4, rows, depth // LANES, block, block_row)
            for row in range(rows, _whole(rows)):
                _clear_all(block + row * block_row, block + (row + 1) * block_row)
            for k in range(panels):
                right = packed + k * DEPTH * ROW
                to = sums + (i - start) * sums_row + k * ROW
                _multiply(rows, block, block_row, 4, depth, right, to, sums_row)
    for i in range(start, stop):
        for k in range(panels):
            at, first = sums + (i - start) * sums_row + k * ROW, _column(begin + k, M)
            for j in range(min(COLUMNS, M // LANES)):
                to = address(out) + (i * M + first + j * LANES) * 4
                _finish(at + j * BYTES, address(b) + (first + j * LANES) * 4, to)


@kernel
def _backward_data(worker, workers, dout, w, dx, scratch):
    N, M = dout.shape
    D = w.shape[0]
    vectors = D // LANES
    first, last = vectors * worker // workers, vectors * (worker + 1) // workers
    packed = address(scratch[worker])
    sums = packed + M * ROW
    rows = scratch[worker, (M + _whole(N)) * WIDTH :]
    rows[: N * M] = dout.reshape(N * M)
    rows[N * M : _whole(N) * M] = 0
    for vector in range(first, last, COLUMNS):
        count = min(COLUMNS, last - vector)
        for j in range(COLUMNS):
            for m in range(0, M, LANES):
                m = min(m, M - LANES)
                to = packed + m * ROW + j * BYTES
                if j < count:
                    at = address(w) + ((vector + j) * LANES * M + m) * 4
                    turn(at, M * 4, to, ROW)
        _write_product(N, address(rows), M * 4, 4, M, packed, sums, ROW)
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
        piece = address(dout) + _column(k, M) * 4
        _pack(piece, M * 4, N, M, packed + k * N * ROW)
    for vector in range(first, last, COLUMNS):
        wide = min(COLUMNS, last - vector)
        _copy_rows(address(x) + vector * BYTES, D * 4, N, wide, block, ROW)
        for k in range(panels):
            right = packed + k * N * ROW
            to = address(dw) + (vector * LANES * M + _column(k, M)) * 4
            if M >= WIDTH:
                _write_product(wide * LANES, block, 4, ROW, N, right, to, M * 4)
            else:
                _write_product(wide * LANES, block, 4, ROW, N, right, sums, ROW)
                _copy_rows(sums, ROW, wide * LANES, M // LANES, to, M * 4)
    if worker == 0:
        db[:] = 0
        for n in range(N):
            for m in range(M):
                db[m] += dout[n, m]


def _sizes(name, images, other_name, other):
    """Give N and D of images (N, D), and the M of another matrix (..., M)."""
    expect.axes(2, **{name: images, other_name: other})
    M = other.shape[1]
    if not suits(M):
        raise ValueError(
            f"{other_name} has shape {other.shape}, expected a multiple of {LANES} "
            f"columns, or at least {WIDTH}."
        )
    return *images.shape, M


def suits(M):
    """Tell whether these functions can compute so many outputs.

    Parameters
    ----------
    M : int
        Columns of the weights.

    Returns
    -------
    bool
        True for whole vectors (see `simd.padded`), and for anything that fills a panel.
    """
    return M >= WIDTH or M % LANES == 0


def _whole_rows(rows):
    return -(-rows // LAST) * LAST


def forward(x, w, b, out):
    """Multiply images by a weight matrix, and add a bias.

    Parameters
    ----------
    x : ndarray of shape (N, D)
        float32 in C order, as all arrays here; D a multiple of `simd.LANES`.
    w : ndarray of shape (D, M)
        `suits` holds.
    b : ndarray of shape (M,)
    out : ndarray of shape (N, M)
        Is overwritten.

    Raises
    ------
    ValueError
        If arrays do not fit together or are not what kernels expect.
    """
    expect.maps(x=x)
    expect.numbers(w=w, b=b, out=out)
    expect.written(out=out)
    N, D, M = _sizes("x", x, "w", w)
    expect.same_shape((D, M), w=w)
    expect.same_shape((M,), b=b)
    expect.same_shape((N, M), out=out)
    panels, by_columns = -(-M // WIDTH), M > N
    size = panels * (_whole_rows(N) + DEPTH) * WIDTH + ROWS * (DEPTH + 16)
    work = own().get("affine", threads.count(), size)
    threads.each(_forward, x, w, b, out, by_columns, work)


def backward_data(dout, w, dx):
    """Compute dx (N, D) from dout (N, M) and w (D, M); dx is overwritten."""
    expect.maps(dx=dx)
    expect.numbers(dout=dout, w=w)
    expect.written(dx=dx)
    N, D, M = _sizes("dx", dx, "w", w)
    expect.same_shape((D, M), w=w)
    expect.same_shape((N, M), dout=dout)
    size = (M + _whole_rows(N)) * WIDTH + _whole_rows(N) * M
    work = own().get("affine", threads.count(), size)
    threads.each(_backward_data, dout, w, dx, work)


def backward_weights(x, dout, dw, db):
    """Compute dw (D, M) and db (M,) from x (N, D) and dout (N, M)."""
    expect.maps(x=x)
    expect.numbers(dout=dout, dw=dw, db=db)
    expect.written(dw=dw, db=db)
    N, D, M = _sizes("x", x, "dout", dout)
    expect.same_shape((N, M), dout=dout)
    expect.same_shape((D, M), dw=dw)
    expect.same_shape((M,), db=db)
    panels = -(-M // WIDTH)
    size = (panels + 1) * N * WIDTH + WIDTH * WIDTH
    work = own().get("affine", threads.count(), size)
    threads.each(_backward_weights, x, dout, dw, db, work)
