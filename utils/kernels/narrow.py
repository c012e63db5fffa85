"""Convolutions of images: few channels, where a window is short.

A first layer sees 3 channels.  Winograd's algorithm in two dimensions (`winograd`)
would spend more on transforms than it saves, because each transformed number is used
for one multiply-add per filter only.  But the window of an image may be large (7 x 7),
and in *one* dimension the transforms are cheap: along the width of a window we use
F(4, WW), along its height the definition.

    F(4, 3):  6 multiplications for 4 outputs instead of 12
    F(4, 5):  8                                instead of 20
    F(4, 7): 10                                instead of 28

Memory order.  The image is turned into *columns* and transformed, see `columns`:
V[product][row, c] for a tile of 4 output columns.  The window of output row i then is
the HH * C numbers from (i, 0) on, side by side in V.  So for each of the algorithm's
points there is a matrix product, whose left matrix is found in V:

    M[product][i, k] = sum over h, c of V[product][i + h, c] * U[product][h, c, k]

For a block of `ROWS` output rows all M stay in the first-level cache, from where AT
makes 4 x `ROWS` output pixels.

Gradients.  See `narrow_gradients`.

Threads.  A ticket is a strip of rows of one image.

Cost.  products * HH * C * K multiply-adds per 4 outputs.  Error: about 2e-6 of the
largest output for F(4, 7), 5e-7 for F(4, 3).
"""

import numpy as np

from utils.kernels import expect, threads
from utils.kernels.columns import (
    MATRICES,
    TILE,
    WIDTHS,
    count_columns,
    load_columns,
    make_plan,
    multiply,
    sizes,
    strip_rows,
    transform,
)
from utils.kernels.compiler import kernel
from utils.kernels.gemm import WIDTH
from utils.kernels.narrow_gradients import backward_data, backward_weights
from utils.kernels.schemes import apply
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

__all__ = ["backward_data", "backward_weights", "forward", "suits"]

LARGE = 2**23  # bytes of output that no cache of a core will keep for the next layer


def _release(edge, streaming=False):
    """Make the instruction out = AT @ M + bias for `count` rows of a tile.

    At an edge there are fewer than TILE pixels or WIDTH filters.
    """

    def release(e, plan, m, out, row, count, bias, pixels, left):
        AT = MATRICES[plan.scheme.kind][2]
        with e.loop(count) as i:
            for j in range(COLUMNS):
                place = m + i * (WIDTH * 4) + j * BYTES
                step = ROWS * WIDTH * 4
                values = [e.load(place + step * t) for t in range(AT.shape[1])]
                shift = e.load(bias + j * BYTES)
                for p, total in enumerate(apply(AT, values)):
                    total = total + shift
                    to = out + i * row + plan.K * (4 * p) + j * BYTES
                    if not edge:
                        e.store(total, to, streaming)
                        continue
                    exists = e.int(j * LANES).below(left)
                    with e.when(e.both(e.int(p).below(pixels), exists)):
                        e.store(total, to)

    return instruction(release)


_release_inside, _release_edge = _release(edge=False), _release(edge=True)
_release_past_caches = _release(edge=False, streaming=True)


@kernel
def _release_tile(plan, m, out, row, count, bias, pixels, left):
    """Write `count` rows of a tile in the way that suits their place."""
    if pixels < TILE or left < WIDTH:
        _release_edge(plan, m, out, row, count, bias, pixels, left)
    elif plan.streams:
        _release_past_caches(plan, m, out, row, count, bias, pixels, left)
    else:
        _release_inside(plan, m, out, row, count, bias, pixels, left)


@kernel
def _forward(worker, workers, plan, x, U, bias, out, memory, counter):
    """Take strips of images and compute their outputs."""
    products, depth = plan.scheme.products, plan.HH * plan.C
    pixel, line = plan.K * 4, plan.OW * plan.K * 4
    strips = (plan.OH + plan.rows - 1) // plan.rows
    D = memory[worker, : count_columns(plan) * plan.column]
    d, v = address(D), address(memory[worker, len(D) :])
    m = v + products * plan.column * 4
    while True:
        n, strip = divmod(next_ticket(counter), strips)
        if n >= len(x):
            return
        first = strip * plan.rows
        count = min(plan.rows, plan.OH - first)
        load_columns(plan, x, n, first, D)
        for tile in range(plan.tiles):
            transform(plan, plan.column // LANES, d + tile * TILE * plan.column * 4, v)
            pixels = min(TILE, plan.OW - tile * TILE)
            to = address(out) + (n * plan.OH + first) * line + tile * TILE * pixel
            for k in range(0, plan.K, WIDTH):
                u = address(U) + k * products * depth * 4
                b, left = address(bias) + k * 4, plan.K - k
                for i in range(0, count, ROWS):
                    rows = min(ROWS, count - i)
                    _points(plan, rows, v + i * plan.C * 4, u, m)
                    at = to + i * line + k * 4
                    _release_tile(plan, m, at, line, rows, b, pixels, left)


@kernel
def _points(plan, rows, v, u, m):
    """M = V @ U for all points, of up to ROWS output rows."""
    depth = plan.HH * plan.C
    for t in range(plan.scheme.products):
        right = u + t * depth * WIDTH * 4
        multiply(
            rows,
            v + t * plan.column * 4,
            plan.C * 4,
            4,
            depth,
            right,
            m + t * ROWS * WIDTH * 4,
            right + depth * WIDTH * 4,
        )


@kernel
def _transform_weights(worker, workers, w, G, U):
    """U[panel][product][h, c][k] = sum over q of G[product, q] * w[h, q, c, k]."""
    HH, WW, C, K = w.shape
    for row in range(HH * C * worker // workers, HH * C * (worker + 1) // workers):
        p, c = row // C, row % C
        for k in range(0, K, WIDTH):
            width = min(WIDTH, K - k)
            for t in range(len(G)):
                to = U[((k // WIDTH * len(G) + t) * HH * C + row) * WIDTH :][:WIDTH]
                to[:] = 0
                for q in range(WW):
                    for j in range(width):
                        to[j] += G[t, q] * w[p, q, c, k + j]


def suits(C, WW, stride):
    """Tell whether this module can compute a convolution, and does so well.

    Parameters
    ----------
    C : int
        Input channels.
    WW : int
        Width of the filters in pixels.
    stride : int

    Returns
    -------
    bool
    """
    return C <= 4 and WW in WIDTHS and stride == 1


def forward(x, w, b, out, stride, pad):
    """Convolve images with few channels; see `direct.forward`.

    Parameters
    ----------
    x : ndarray of shape (N, H, W, C)
    w : ndarray of shape (HH, WW, C, K)
        `suits` holds, and K is a multiple of `simd.LANES`.
    b : ndarray of shape (K,) or None
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
    memory, workers = own(), threads.count()
    N, H, W, C = x.shape
    K = w.shape[3]
    plan = make_plan(w, pad, out.shape[1], out.shape[2], strip_rows(N, out.shape[1]))
    streams = out.nbytes >= LARGE and out.ctypes.data % BYTES == 0
    plan = plan._replace(streams=streams)
    products, panels = plan.scheme.products, -(-K // WIDTH)
    U = memory.get("panels", 1, panels * products * plan.HH * C * WIDTH)[0]
    G = MATRICES[type(plan.scheme)][1].astype(np.float32)
    threads.each_above(SMALL, U.size, _transform_weights, w, G, U)
    bias = memory.get("bias", 1, panels * WIDTH)[0]
    bias[:K] = 0 if b is None else b
    work = memory.get("slab", workers, sum(sizes(plan)) + products * ROWS * WIDTH)
    counter = np.zeros(1, np.int64)
    x = x.reshape(N, H, W * C)
    threads.each(_forward, plan, x, U, bias, out, work, counter)
