"""The transforms of Winograd's algorithm: from pixels to tiles and back.

Each instruction below handles one tile and one vector of channels: it reads the pixels
(`fusion.Reader`), applies a small constant matrix to the rows and to the columns
(`schemes.apply`), and writes the results, one to each of the matrices that will be
multiplied, `v_step` bytes apart.  The loops are unrolled and the constants are in the
code; what LLVM cannot keep in registers waits in the first-level cache.

Tiles at the border of a map come in a second version that tests each pixel.  Most tiles
lie inside and do not pay for that.
"""

from typing import NamedTuple

from utils.kernels import schemes
from utils.kernels.compiler import kernel
from utils.kernels.fusion import Map, Reader, Writer
from utils.kernels.gemm import WIDTH
from utils.kernels.schemes import SCHEMES, apply
from utils.kernels.simd import LANES, instruction


class Plan(NamedTuple):
    """Where the tiles of one convolution lie; made by `Convolution`."""

    rows: NamedTuple  # schemes of the two axes
    cols: NamedTuple
    source: Map
    sink: Map
    N: int
    products: int
    tiles: int  # of all images
    block: int  # tiles done together
    depth: int  # channels of the source that are not padding


def _two_ways(matrix_rows, matrix_cols, read):
    """Write down ``rows @ pixels @ cols.T``; yield one row of results at a time."""
    height, width = matrix_rows.shape[1], matrix_cols.shape[1]
    columns = [
        apply(matrix_rows, [read(p, q) for p in range(height)]) for q in range(width)
    ]
    for i in range(len(matrix_rows)):
        yield i, apply(matrix_cols, [column[i] for column in columns])


def _parity(kind, role):
    """Say whether all tiles begin at even (0) or odd (1) pixels, or neither (None).

    As input, those of stride 1 begin 1 pixel before a multiple of their size (pad 1 is
    the only one that pooled sources are read with, see `Convolution`).
    """
    if SCHEMES[kind].step_out % 2:
        return None
    if role == "dout":
        return 0
    return 1 if kind in (schemes.F2, schemes.F4, schemes.F6) else None


def _gather(edge, role):
    """Make the instruction that transforms one tile of a source into V.

    Role "x": pixels under the tile, by BT.  Role "dout": its outputs, by AT.T.
    """

    def gather(e, plan, source, image, y, x, c, v, v_step):
        rows, cols = SCHEMES[plan.rows.kind], SCHEMES[plan.cols.kind]
        place = plan.source if role == "x" else plan.sink
        matrices = [s.BT if role == "x" else s.AT.T for s in (rows, cols)]
        parities = [_parity(plan.rows.kind, role), _parity(plan.cols.kind, role)]
        parity = parities[0] if parities[0] == parities[1] else None
        read = Reader(e, source, place, image, y, x, c, edge, parity).pixel
        for i, results in _two_ways(*matrices, read):
            for j, result in enumerate(results):
                e.store(result, v + v_step * (i * cols.products + j))

    return instruction(gather)


gather_x, gather_x_edge = _gather(False, "x"), _gather(True, "x")
gather_dout, gather_dout_edge = _gather(False, "dout"), _gather(True, "dout")


def _release(edge):
    """Make the instruction that transforms one tile of M and hands it to a sink."""

    def release(e, plan, sink, image, y, x, c, m, m_step, block):
        rows, cols = SCHEMES[plan.rows.kind], SCHEMES[plan.cols.kind]

        def read(p, q):
            return e.load(m + m_step * (p * cols.products + q))

        values = [values for _, values in _two_ways(rows.AT, cols.AT, read)]
        Writer(e, sink, plan.sink, image, c, block).tile(values, y, x, edge)

    return instruction(release)


release_inside, release_edge = _release(False), _release(True)


def _spread(flip):
    """Make the instruction that transforms one vector of weights (3, 3, ...) into U."""

    def spread(e, plan, w, tap, u, u_step):
        rows, cols = SCHEMES[plan.rows.kind], SCHEMES[plan.cols.kind]

        def read(p, q):
            number = (2 - p) * 3 + (2 - q) if flip else p * 3 + q
            return e.load(w + tap * number)

        for i, results in _two_ways(rows.G, cols.G, read):
            for j, result in enumerate(results):
                e.store(result, u + u_step * (i * cols.products + j))

    return instruction(spread)


spread_as_is, spread_flipped = _spread(False), _spread(True)


@instruction
def collect(e, plan, du, du_step, parts, part_step, dw, tap):
    """Add the threads' shares of dU and transform one vector of K back into dw."""
    rows, cols = SCHEMES[plan.rows.kind], SCHEMES[plan.cols.kind]

    def read(p, q):
        place = du + du_step * (p * cols.products + q)
        total = e.variable(e.load(place))
        with e.loop(parts - 1) as k:
            total.set(total.get() + e.load(place + part_step * (k + 1)))
        return total.get()

    for i, results in _two_ways(rows.G.T, cols.G.T, read):
        for j, result in enumerate(results):
            e.store(result, dw + tap * (i * 3 + j))


@kernel
def gather_block(plan, source, first, count, v, v_row, v_step):
    """Do step 1 for `count` tiles."""
    rows, cols, place = plan.rows, plan.cols, plan.source
    for t in range(count):
        image, inner = divmod(first + t, rows.tiles * cols.tiles)
        i, j = divmod(inner, cols.tiles)
        y, x = rows.origin + i * rows.step_in, cols.origin + j * cols.step_in
        inside = y >= 0 and x >= 0
        inside &= y + rows.pixels <= place.H and x + cols.pixels <= place.W
        at = v + t * v_row
        for c in range(0, place.C, LANES):
            if inside:
                gather_x(plan, source, image, y, x, c, at + c * 4, v_step)
            else:
                gather_x_edge(plan, source, image, y, x, c, at + c * 4, v_step)


@kernel
def gather_gradient_block(plan, source, first, count, k_first, k_stop, y_at, y_step):
    """Transform `count` tiles of dout into panels: (products, panels, block, WIDTH)."""
    rows, cols, place = plan.rows, plan.cols, plan.sink
    for t in range(count):
        image, inner = divmod(first + t, rows.tiles * cols.tiles)
        i, j = divmod(inner, cols.tiles)
        y, x = i * rows.step_out, j * cols.step_out
        inside = y + rows.step_out <= place.H and x + cols.step_out <= place.W
        for k in range(k_first, k_stop, LANES):
            panel = (k - k_first) // WIDTH
            at = y_at + ((panel * plan.block + t) * WIDTH + k % WIDTH) * 4
            if inside:
                gather_dout(plan, source, image, y, x, k, at, y_step)
            else:
                gather_dout_edge(plan, source, image, y, x, k, at, y_step)
