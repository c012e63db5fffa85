"""The gradients of convolutions of images: `narrow` the other way round.

With V = BT @ D, the columns of the image, and Y = AT.T @ dout (see `columns`):

Weights.  dU[product] = V[product].T @ Y[product], summed over all tiles, is a matrix
product with the numbers (h, c) of a window as rows, pixels as steps and filters as
columns; at the very end dw = G.T @ dU.  A thread transforms a few rows of dout and
multiplies them at once, so few that Y stays in the first-level cache, or near it if
several blocks share the work of the transform; dU stays in the second-level cache.
Meanwhile it asks for the next rows of dout.

Input.  Y[product] @ U[product].T gives, for each output row, what it adds to the HH * C
numbers under its window.  `_fold` adds these to dV, each row one further down, and
BT.T @ dV is added to the columns of the image.

Threads.  For the weights, each has a fixed share of the strips of all images and sums
of its own, which are added in order.  For the input, a ticket is an image.

Cost.  The same products * HH * C * K multiply-adds per 4 outputs as in `narrow`, but
for the input C * HH is rounded up to whole panels of WIDTH.  Error: that of `narrow`
for the input; for the weights, whose sums run over all pixels, it grows with the number
of images: with F(4, 7) 1e-5 of the largest for 8 images and 5e-5 for 128, with F(4, 3)
1e-6 and 1e-5.
"""

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.columns import (
    MATRICES,
    TILE,
    count_columns,
    load_columns,
    make_plan,
    multiply,
    sizes,
    spread_row,
    strip_rows,
    transform,
    transform_back,
    unload_columns,
)
from utils.kernels.compiler import kernel
from utils.kernels.gemm import WIDTH
from utils.kernels.scratch import own
from utils.kernels.simd import (
    BYTES,
    COLUMNS,
    LANES,
    ROWS,
    address,
    instruction,
    next_ticket,
)
from utils.kernels.slabs import SMALL, check
from utils.kernels.windows import ODD, correlation, correlation_odd, cover

CHUNK = 16  # tiles of dout, for each block of rows that Y then is multiplied with


@kernel
def _correlate(worker, workers, plan, x, dout, high, odd, memory, table, sums):
    """Sum up a share of dU: (panels, products, height, WIDTH), and of db."""
    products, line = plan.scheme.products, plan.OW * plan.K * 4
    strips = (plan.OH + plan.rows - 1) // plan.rows
    height = high * ROWS + odd * ODD
    mine, lines = sums[worker], table[worker]
    mine[:] = 0
    dU, db = address(mine[plan.K :]), address(mine)
    D = memory[worker, : count_columns(plan) * plan.column]
    V = memory[worker, len(D) :]
    step = products * plan.column * 4
    v, Y = address(V), address(V[plan.tiles * products * plan.column :])
    for row in range(plan.chunk):
        lines[row] = v + row * plan.C * 4
    panels, calls = (plan.K + WIDTH - 1) // WIDTH, products * (high + odd)
    pace = line // (panels * calls * plan.tiles) + 1
    total = len(x) * strips
    for ticket in range(total * worker // workers, total * (worker + 1) // workers):
        n, first = ticket // strips, ticket % strips * plan.rows
        count = min(plan.rows, plan.OH - first)
        load_columns(plan, x, n, first, D)
        for tile in range(plan.tiles):
            d = address(D) + tile * TILE * plan.column * 4
            transform(plan, plan.column // LANES, d, v + tile * step)
        for i in range(0, count, plan.chunk):
            rows = min(plan.chunk, count - i)
            at = address(dout) + (n * plan.OH + first + i) * line
            soon = at + 2 * rows * line
            for k in range(0, plan.K, WIDTH):
                point, pitch = _pitches(plan, rows)
                for row in range(rows):
                    source, to = at + row * line + k * 4, Y + row * pitch
                    spread_row(plan, source, k, to, point, WIDTH * 4, db + k * 4)
                to = dU + k // WIDTH * products * height * WIDTH * 4
                a = i * plan.C * 4
                soon = _correlate_points(
                    plan, high, odd, lines, rows, a, Y, to, soon, pace
                )


@kernel
def _pitches(plan, count):
    """Give how far points, of `count` rows, and rows of Y lie apart, in bytes."""
    row = plan.tiles * WIDTH * 4
    # Not a multiple of 4096, which would put all points into the same cache lines.
    return count * row + 2 * BYTES, row


@kernel
def _correlate_points(plan, high, odd, lines, count, start, Y, dU, soon, pace):
    """Add V.T @ Y to dU, for all points of `count` rows; ask for what comes `soon`."""
    table, step = address(lines), _pitches(plan, count)[0]
    tiles, height = plan.tiles, high * ROWS + odd * ODD
    tile = plan.scheme.products * plan.column * 4
    for t in range(plan.scheme.products):
        for block in range(high + odd):
            at = min(block, high) * ROWS + max(0, block - high) * ODD
            a, y = start + (t * plan.column + at) * 4, Y + t * step
            to = dU + (t * height + at) * WIDTH * 4
            if block < high:
                correlation(a, table, count, tile, tiles, y, to, soon, pace)
            else:
                correlation_odd(a, table, count, tile, tiles, y, to, soon, pace)
            soon += tiles * count * pace
    return soon


@kernel
def _collect(worker, workers, G, height, sums, dw, db):
    """Add the threads' sums, in order, and compute dw = G.T @ dU."""
    HH, WW, C, K = dw.shape
    for row in range(HH * C * worker // workers, HH * C * (worker + 1) // workers):
        p, c = row // C, row % C
        for q in range(WW):
            dw[p, q, c] = 0
        for k in range(0, K, WIDTH):
            width = min(WIDTH, K - k)
            for t in range(len(G)):
                at = K + ((k // WIDTH * len(G) + t) * height + row) * WIDTH
                first = sums[0, at : at + width]
                for share in range(1, len(sums)):
                    other = sums[share, at : at + width]
                    for j in range(width):
                        first[j] += other[j]
                for q in range(WW):
                    to = dw[p, q, c, k : k + width]
                    for j in range(width):
                        to[j] += G[t, q] * first[j]
    if worker == 0:
        db[:] = 0
        for share in range(len(sums)):
            for k in range(K):
                db[k] += sums[share, k]


@instruction
def _fold(e, plan, m, count, left, v):
    """Add `count` rows of products with all taps to dV, one row further each time."""
    with e.loop(count) as i:
        for t in range(len(MATRICES[plan.scheme.kind][0])):
            for j in range(COLUMNS):
                with e.when(e.int(j * LANES).below(left)):
                    place = m + i * (WIDTH * 4) + (t * ROWS * WIDTH * 4 + j * BYTES)
                    to = v + plan.column * (4 * t) + i * plan.C * 4 + j * BYTES
                    e.store(e.load(to) + e.load(place), to)


@kernel
def _transform_turned(worker, workers, w, G, U):
    """U[panel of (h, c)][product][k][h, c]: the same, to be multiplied with dM."""
    HH, WW, C, K = w.shape
    for t in range(len(G) * worker // workers, len(G) * (worker + 1) // workers):
        for start in range(0, HH * C, WIDTH):
            at = (start // WIDTH * len(G) + t) * K * WIDTH
            for k in range(K):
                to = U[at + k * WIDTH :][:WIDTH]
                to[:] = 0
                for j in range(min(WIDTH, HH * C - start)):
                    p, c = (start + j) // C, (start + j) % C
                    for q in range(WW):
                        to[j] += G[t, q] * w[p, q, c, k]


@kernel
def _backward(worker, workers, plan, dout, U, dx, memory, counter):
    """Take images and compute the gradients of their pixels."""
    products, line = plan.scheme.products, plan.OW * plan.K * 4
    D = memory[worker, : count_columns(plan) * plan.column]
    V = memory[worker, len(D) :][: plan.tiles * products * plan.column]
    d, v, m = address(D), address(V), address(memory[worker, len(D) + len(V) :])
    y = m + products * ROWS * WIDTH * 4
    point, tile = _pitches_back(plan)
    none = y + products * point  # where sums go that nobody wants
    while True:
        n = next_ticket(counter)
        if n >= len(dx):
            return
        D[:] = 0
        V[:] = 0
        for first in range(0, plan.OH, ROWS):
            rows = min(ROWS, plan.OH - first)
            at = address(dout) + (n * plan.OH + first) * line
            for i in range(rows):
                to = y + i * (tile // ROWS)
                for k in range(0, plan.K, WIDTH):
                    row = at + i * line + k * 4
                    spread_row(plan, row, k, to + k * 4, point, tile, none)
            for t in range(plan.tiles):
                to = v + (t * products * plan.column + first * plan.C) * 4
                _points_back(plan, rows, y + t * tile, point, tile // ROWS, U, m, to)
        for t in range(plan.tiles):
            values = v + t * products * plan.column * 4
            to = d + t * TILE * plan.column * 4
            transform_back(plan, plan.column // LANES, values, to)
        unload_columns(plan, D, n, dx)


@kernel
def _pitches_back(plan):
    """Give how far points and tiles of `ROWS` rows of Y lie apart, in bytes."""
    tile = (plan.K + WIDTH - 1) // WIDTH * WIDTH * 4 * ROWS
    return plan.tiles * tile + 2 * BYTES, tile


@kernel
def _points_back(plan, rows, y, y_point, y_row, U, m, v):
    """Multiply dM of up to ROWS output rows with all taps, and add them to dV."""
    products, taps = plan.scheme.products, plan.HH * plan.C
    panel = plan.K * WIDTH * 4
    for start in range(0, taps, WIDTH):
        for t in range(products):
            right = address(U) + (start // WIDTH * products + t) * panel
            a, to = y + t * y_point, m + t * ROWS * WIDTH * 4
            multiply(rows, a, y_row, 4, plan.K, right, to, right + panel)
        _fold(plan, m, rows, taps - start, v + start * 4)


def backward_data(dout, w, dx, stride, pad):
    """Compute the gradient of the input; see `direct.backward_data`.

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
    memory, workers = own(), threads.count()
    N, H, W, C = dx.shape
    K = w.shape[3]
    plan = make_plan(w, pad, dout.shape[1], dout.shape[2], dout.shape[1])
    products = plan.scheme.products
    U = memory.get("panels", 1, -(-plan.HH * C // WIDTH) * products * K * WIDTH)[0]
    G = MATRICES[type(plan.scheme)][1].astype(np.float32)
    threads.each_above(SMALL, U.size, _transform_turned, w, G, U)
    columns, points = sizes(plan)
    wide = plan.tiles * -(-K // WIDTH) * WIDTH * ROWS + 2 * LANES
    size = columns + plan.tiles * points + products * (ROWS * WIDTH + wide) + WIDTH
    work = memory.get("slab", workers, size)
    counter = np.zeros(1, np.int64)
    threads.each(_backward, plan, dout, U, dx.reshape(N, H, W * C), work, counter)


def backward_weights(x, dout, dw, db, stride, pad):
    """Compute the gradients of weights and bias; see `direct.backward_weights`.

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
    """
    check(x, dw, dout, stride, pad, db)
    expect.written(dw=dw)
    memory, workers = own(), threads.count()
    N, H, W, C = x.shape
    K = dw.shape[3]
    plan = make_plan(
        dw, pad, dout.shape[1], dout.shape[2], strip_rows(N, dout.shape[1])
    )
    products = plan.scheme.products
    height, high, odd = cover(plan.HH * C, ODD)
    chunk = -(-CHUNK * (high + odd) // plan.tiles)
    plan = plan._replace(chunk=min(plan.rows, chunk))
    columns, points = sizes(plan)
    point = plan.tiles * plan.rows * WIDTH + 2 * LANES
    size = columns + plan.tiles * points + -(-K // WIDTH) * products * point
    work = memory.get("slab", workers, size)
    table = memory.get("table", workers, 2 * plan.chunk).view(np.int64)
    sums = memory.get("sums", workers, K + -(-K // WIDTH) * products * height * WIDTH)
    x = x.reshape(N, H, W * C)
    threads.each(_correlate, plan, x, dout, high, odd, work, table, sums)
    G = MATRICES[type(plan.scheme)][1].astype(np.float32)
    if db is None:
        db = memory.get("no db", 1, K)[0]
    threads.each_above(SMALL, sums.size, _collect, G, height, sums, dw, db)
