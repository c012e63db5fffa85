"""Images as columns, for Winograd's algorithm along the width; see `narrow`.

An image (H, W, C) is copied into D (W, H, C): all rows of pixel column 0, then those
of column 1, with zeros around.  A tile is TILE neighbouring output columns, and sees
TILE + WW - 1 columns of D.  So the transform BT adds up whole columns, in vectors that
run along rows and channels without a gap; nothing is left over however few channels an
image has.  Its result V has one column per tile and product:

    V[product][row, c] = sum over j of BT[product, j] * D[TILE * tile + j][row, c]

Gradients of outputs lie channels-last, with many channels, and `spread_row` transforms
them as they are, WIDTH filters at a time.

Cost: for F(4, 7) about 30 operations per 4 pixels and channel, little beside the
products * HH * K multiply-adds that follow.
"""

from typing import NamedTuple

from utils.kernels import threads
from utils.kernels.compiler import kernel
from utils.kernels.gemm import FEW, LAST, WIDTH, few_product, last_product, product
from utils.kernels.schemes import apply, cook
from utils.kernels.simd import BYTES, COLUMNS, LANES, ROWS, instruction

TILE = 4  # output columns
STRIP = 64  # output rows


class Three(NamedTuple):
    """F(4, 3)."""

    WW: int
    products: int


class Five(NamedTuple):
    """F(4, 5)."""

    WW: int
    products: int


class Seven(NamedTuple):
    """F(4, 7)."""

    WW: int
    products: int


POINTS = {
    Three: (0, 3 / 4, -3 / 4, 3 / 2, -3 / 2),
    Five: (0, 1 / 2, -1 / 2, 1, -1, 7 / 4, -7 / 4),
    Seven: (0, 3 / 8, -3 / 8, 7 / 8, -7 / 8, 5 / 4, -5 / 4, 2, -2),
}
WIDTHS = {3: Three, 5: Five, 7: Seven}
MATRICES = {
    kind: cook(POINTS[kind], TILE, width) for width, kind in WIDTHS.items()
}  # BT, G, AT


class Plan(NamedTuple):
    """One convolution, as the kernels see it."""

    scheme: NamedTuple
    HH: int
    C: int
    K: int  # whole vectors
    top: int  # rows and columns of zeros before the first pixel
    left: int
    OH: int
    OW: int
    tiles: int  # of an output row
    rows: int  # of output in a strip
    column: int  # numbers from one column of D or V to the next
    streams: bool = False  # whether outputs are written past the caches
    chunk: int = 1  # rows of dout that are transformed together


@kernel
def count_columns(plan):
    """Count the columns of D: the outputs of all tiles, and what a window adds."""
    return plan.tiles * TILE + plan.scheme.WW - 1


@kernel
def load_columns(plan, x, n, first, D):
    """Copy the input rows from output row `first` on into columns, zeros around."""
    H, length = x.shape[1:]
    C, column = plan.C, plan.column
    D[:] = 0
    for row in range(plan.rows + plan.HH - 1):
        y = first + row - plan.top
        if not 0 <= y < H:
            continue
        line, to = x[n, y], D[plan.left * column + row * C :]
        if C == 3:  # spares the loop
            for j in range(length // 3):
                to[j * column] = line[j * 3]
                to[j * column + 1] = line[j * 3 + 1]
                to[j * column + 2] = line[j * 3 + 2]
            continue
        for j in range(length // C):
            for c in range(C):
                to[j * column + c] = line[j * C + c]


@kernel
def unload_columns(plan, D, n, dx):
    """Copy the columns of an image back, without the zeros around."""
    _, H, length = dx.shape
    C, column = plan.C, plan.column
    for y in range(H):
        line, source = dx[n, y], D[plan.left * column + (y + plan.top) * C :]
        for j in range(length // C):
            for c in range(C):
                line[j * C + c] = source[j * column + c]


@instruction
def transform(e, plan, count, d, v):
    """V = BT @ D for one tile, `count` vectors per column."""
    BT = MATRICES[plan.scheme.kind][0]
    with e.loop(count) as k:
        place = k * BYTES
        pixels = [e.load(d + plan.column * (4 * j) + place) for j in range(len(BT))]
        for j, result in enumerate(apply(BT, pixels)):
            e.store(result, v + plan.column * (4 * j) + place)


@instruction
def transform_back(e, plan, count, v, d):
    """D += BT.T @ V for one tile."""
    BT = MATRICES[plan.scheme.kind][0]
    with e.loop(count) as k:
        place = k * BYTES
        values = [e.load(v + plan.column * (4 * j) + place) for j in range(len(BT))]
        for j, result in enumerate(apply(BT.T, values)):
            to = d + plan.column * (4 * j) + place
            e.store(e.load(to) + result, to)


def _spread(edge):
    """Make the instruction Y = AT.T @ dout for `tiles` tiles of one row.

    It also adds dout to `total`, and asks for the row that comes next.
    """

    def spread(e, plan, tiles, dout, row, pixels, left, y, y_point, y_tile, total):
        AT = MATRICES[plan.scheme.kind][2]
        zero = e.constant(0)
        for j in range(COLUMNS):
            exists, sums = e.int(j * LANES).below(left), e.variable(zero)
            with e.loop(tiles) as tile:
                values = []
                for p in range(TILE):
                    place = dout + plan.K * (tile * (TILE * 4) + p * 4) + j * BYTES
                    if edge:
                        inside = e.both(e.int(p).below(pixels), exists)
                        value = e.load(e.choose(inside, place, dout))
                        values.append(e.choose(inside, value, zero))
                    else:
                        e.prefetch(place + row)
                        values.append(e.load(place))
                for t, result in enumerate(apply(AT.T, values)):
                    e.store(result, y + y_point * t + tile * y_tile + j * BYTES)
                added = (values[0] + values[1]) + (values[2] + values[3])
                sums.set(sums.get() + added)
            with e.when(exists):
                e.store(e.load(total + j * BYTES) + sums.get(), total + j * BYTES)

    return instruction(spread)


_spread_inside, _spread_edge = _spread(edge=False), _spread(edge=True)


@kernel
def spread_row(plan, dout, k, y, y_point, y_tile, total):
    """Transform all tiles of a row of dout, filters k to k + WIDTH."""
    left, row, size = plan.K - k, plan.OW * plan.K * 4, TILE * plan.K * 4
    whole = plan.OW // TILE if left >= WIDTH else 0
    if whole:
        _spread_inside(plan, whole, dout, row, TILE, left, y, y_point, y_tile, total)
    for tile in range(whole, plan.tiles):
        at, pixels = dout + tile * size, min(TILE, plan.OW - tile * TILE)
        to = y + tile * y_tile
        _spread_edge(plan, 1, at, row, pixels, left, to, y_point, y_tile, total)


@kernel
def multiply(rows, a, a_row, a_step, depth, b, c, ahead):
    """Multiply up to ROWS rows."""
    if rows > FEW:
        product(a, a_row, a_step, depth, b, c, WIDTH * 4, ahead)
    elif rows > LAST:
        few_product(a, a_row, a_step, depth, b, c, WIDTH * 4, ahead)
    else:
        last_product(a, a_row, a_step, depth, b, c, WIDTH * 4, ahead)


def make_plan(w, pad, OH, OW, rows):
    """Describe a convolution with weights w, done in strips of `rows` output rows."""
    HH, WW, C, K = w.shape
    kind = WIDTHS[WW]
    products = TILE + WW - 1
    # A block may read ROWS rows too far, and `_fold` a panel of taps.
    column = -(-((rows + HH - 1 + ROWS) * C + WIDTH) // LANES) * LANES
    return Plan(
        kind(WW, products), HH, C, K, pad, pad, OH, OW, -(-OW // TILE), rows, column
    )


def strip_rows(N, OH):
    """Choose how many output rows a strip has."""
    share = -(-N * OH // (4 * threads.count()))
    return max(1, min(OH, STRIP, -(-share // ROWS) * ROWS))


def sizes(plan):
    """Give how many numbers D has, and V for one tile."""
    columns = plan.tiles * TILE + plan.scheme.WW - 1
    return columns * plan.column, plan.scheme.products * plan.column
