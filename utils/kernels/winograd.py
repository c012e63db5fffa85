"""Convolutions with 3 x 3 filters by Winograd's algorithm, fused with their neighbours.

The map is cut into tiles (4 x 4 outputs for most sizes, `schemes` chooses).  For a
*block* of tiles that fits into the second-level cache, a thread does three things:

1. `gather`: read the pixels under each tile, apply BT to rows and columns, and write
   the 36 results to V, one matrix (tiles, C) for each of the 36 products.
2. `gemm.product`: multiply each of the 36 matrices with its own matrix of weights,
   V (tiles, C) @ U (C, K) = M (tiles, K).  Here is where the time goes.
3. `release`: read the 36 numbers of each tile from M, apply AT, and hand the 4 x 4
   outputs to the sink.

Pixels, V and M are read and written in vectors of channels, so all transforms are the
same instructions for `LANES` channels at once, unrolled, with no shuffling of lanes.

Memory.  V and M of a block never leave the cache: a block has about 24 tiles, at most
36, and 24 take 0.44 MB for 64 + 64 channels, 0.88 MB for 128 + 128 (twice as
many tiles for the weights' gradient of wide layers).  U is larger (9.4 MB for 256 ->
256) and is read once per block from further away; the microkernel asks for the next
panel of U while it works on the present one.  The 36 matrices lie a cache line
more than their size apart, so that those whose size is a multiple of 4096 bytes (128
channels, for example) do not fall onto the same few lines of the first-level cache.

Threads.  A block belongs to the thread that takes its ticket; every output has one
owner.  The weights' gradient is a sum over all tiles: each thread adds up a fixed share
of the blocks, or a fixed share of the filters K where dU is large, and the shares are
added in a fixed order, so a run can be repeated bit by bit.

Cost.  36 * C * K multiply-adds per 16 outputs instead of 144, and the transforms on
top.  On the machine of README, PyTorch takes 2.0 to 3.5 times as long for these layers
(``python -m benchmarks conv``).  Error: about 1e-6 of the largest output (F4), 5e-6
(F6); see `schemes`.
"""

import numpy as np

from utils.kernels import expect, gemm, schemes, scratch, threads
from utils.kernels.compiler import kernel
from utils.kernels.fusion import Map
from utils.kernels.fusion_check import check_sink, check_source
from utils.kernels.schemes import SCHEMES
from utils.kernels.simd import LANES, ROWS, address, next_ticket, turn
from utils.kernels.tiles import (
    Plan,
    gather_block,
    release_edge,
    release_inside,
    spread_as_is,
    spread_flipped,
)
from utils.kernels.winograd_weights import LINE, collect_weights, convolve_weights

WIDTH, FEW = gemm.WIDTH, gemm.FEW
BLOCK = 24  # tiles: V and M of 64 to 128 channels then fit the second-level cache
SHARED = 65536  # C * K from which on threads share the filters, not the tiles
SMALL = 4096  # C * K up to which weights are transformed before a thread would wake


@kernel
def _turn_share(w, first, stop, out):
    """Transpose filters `first` to `stop` of w (3, 3, C, K) into out (3, 3, K, C)."""
    C, K = w.shape[2], w.shape[3]
    for tap in range(9):
        for k in range(first, stop, LANES):
            for c in range(0, C, LANES):
                at = address(w) + ((tap * C + c) * K + k) * 4
                to = address(out) + ((tap * K + k) * C + c) * 4
                turn(at, K * 4, to, C * 4)


@kernel
def transform_weights(worker, workers, plan, w, turned, u, u_step, backward, flip):
    """Compute U from w (3, 3, C, K), packed: (products, panels, depth, WIDTH).

    The depth is what a product sums over, and each thread owns a share of it: of the
    channels forward, of the filters backward.  Backward, the thread first transposes
    its own filters into `turned` (3, 3, K, C).
    """
    depth = w.shape[3] if backward else w.shape[2]
    vectors = depth // LANES
    first = vectors * worker // workers * LANES
    stop = vectors * (worker + 1) // workers * LANES
    if backward:
        _turn_share(w, first, stop, turned)
        w = turned
    filters = w.shape[3]
    tap = depth * filters * 4
    for d in range(first, stop):
        for f in range(0, filters, LANES):
            at = address(w) + (d * filters + f) * 4
            to = address(u) + ((f // WIDTH * depth + d) * WIDTH + f % WIDTH) * 4
            if flip:
                spread_flipped(plan, at, tap, to, u_step)
            else:
                spread_as_is(plan, at, tap, to, u_step)


@kernel
def _multiply_block(plan, count, v, v_step, u, u_step, m, m_step):
    """Do step 2: all products of a block.  m: (products, panels, block, WIDTH)."""
    C, panels = plan.source.C, (plan.sink.C + WIDTH - 1) // WIDTH
    panel = C * WIDTH * 4
    for product in range(plan.products):
        for k in range(panels):
            right = u + product * u_step + k * panel
            ahead = right + panel
            if k == panels - 1:
                ahead = u + (product + 1) % plan.products * u_step
            for t in range(0, count, ROWS):
                left = v + product * v_step + t * C * 4
                out = m + product * m_step + (k * plan.block + t) * WIDTH * 4
                gemm.product(left, C * 4, 4, plan.depth, right, out, WIDTH * 4, ahead)
                ahead += plan.depth * 64


@kernel
def _release_block(plan, sink, first, count, m, m_step, block):
    """Do step 3 for `count` tiles."""
    rows, cols, place = plan.rows, plan.cols, plan.sink
    for t in range(count):
        image, inner = divmod(first + t, rows.tiles * cols.tiles)
        i, j = divmod(inner, cols.tiles)
        y, x = i * rows.step_out, j * cols.step_out
        inside = y + rows.step_out <= place.H and x + cols.step_out <= place.W
        for c in range(0, place.C, LANES):
            at = m + ((c // WIDTH * plan.block + t) * WIDTH + c % WIDTH) * 4
            if inside:
                release_inside(plan, sink, image, y, x, c, at, m_step, block)
            else:
                release_edge(plan, sink, image, y, x, c, at, m_step, block)


@kernel
def convolve(worker, workers, plan, source, u, u_step, sink, scratch, counter):
    """Take blocks and do all three steps on each."""
    C, K = plan.source.C, -(-plan.sink.C // WIDTH) * WIDTH
    v_step, m_step = (plan.block * C + LINE) * 4, (plan.block * K + LINE) * 4
    v = address(scratch[worker])
    m = v + plan.products * v_step
    while True:
        block = next_ticket(counter)
        first = block * plan.block
        if first >= plan.tiles:
            break
        count = min(plan.block, plan.tiles - first)
        gather_block(plan, source, first, count, v, C * 4, v_step)
        _multiply_block(plan, count, v, v_step, address(u), u_step, m, m_step)
        _release_block(plan, sink, first, count, m, m_step, block)


def _covered(channels, C):
    """Round channels up to some blocks of ROWS and some of FEW; C is such a number."""
    return next(
        total
        for total in range(channels, C + 1)
        if any((total - high) % FEW == 0 for high in range(0, total + 1, ROWS))
    )


def _blocks(plan):
    return -(-plan.tiles // plan.block)


def _output_size(H, W, stride, pad, needed):
    """Give rows and columns of the output that are needed; refuse impossible ones."""
    expect.at_least(0, stride=stride, pad=pad)
    if stride not in (1, 2):
        raise ValueError(f"stride is {stride!r}, expected 1 or 2.")
    if pad not in (0, 1, 2):
        raise ValueError(f"pad is {pad!r}, expected 0, 1 or 2.")
    size = tuple((length + 2 * pad - 3) // stride + 1 for length in (H, W))
    if min(size) < 1:
        raise ValueError(
            f"x has {H} x {W} pixels and pad is {pad}, expected room for a window of "
            f"3 x 3."
        )
    if needed is None:
        return size
    OH, OW = needed
    expect.at_least(1, **{"out_size[0]": OH, "out_size[1]": OW})
    if OH > size[0] or OW > size[1]:
        raise ValueError(f"out_size is {needed}, expected at most {size}.")
    return OH, OW


class Convolution:
    """A 3 x 3 convolution of one size, with its gradients.

    Parameters
    ----------
    N, H, W, C : int
        Size of x, channels-last; C a multiple of `LANES`.
    K : int
        Filters, a multiple of `LANES`.
    stride : int
        1 or 2.
    pad : int
        Zeros around each image: 0, 1 or 2.
    out_size : tuple of int, optional
        (rows, columns) of the output that are needed, from the top left corner; by
        default all.  What floor pooling throws away need not be computed.
    pooled : bool
        Whether a sink pools 2 x 2 windows: tiles then hold whole windows.
    channels : int, optional
        Channels of x before padding, by default C; the others hold zeros, and no time
        is spent on them.
    scratch : Scratch, optional
        Memory to work in, never in two Python threads at a time; by default that of
        the calling one.

    Raises
    ------
    ValueError
        If there is no such convolution.  All methods: if an array does not have the
        shape, type or order that kernels expect; see `fusion_check`.
    """

    def __init__(
        self,
        N,
        H,
        W,
        C,
        K,
        *,
        stride=1,
        pad=1,
        out_size=None,
        pooled=False,
        channels=None,
        scratch=None,
    ):
        expect.at_least(1, N=N, H=H, W=W, C=C, K=K)
        for name, number in (("C", C), ("K", K)):
            if number % LANES:
                raise ValueError(
                    f"{name} is {number}, expected a multiple of {LANES} "
                    f"(see simd.padded)."
                )
        channels = C if channels is None else channels
        if not 1 <= channels <= C:
            raise ValueError(f"channels is {channels!r}, expected 1 to C = {C}.")
        OH, OW = _output_size(H, W, stride, pad, out_size)
        self.C, self.K, self.stride, self.pad = C, K, stride, pad
        self.channels = _covered(channels, C)
        self._scratch, self._checked = scratch, {}
        axes = [
            schemes.forward(size, stride, pad, 2 if pooled else 1) for size in (OH, OW)
        ]
        places = Map(H, W, C), Map(OH, OW, K)
        self.forward_plan = self._plan(axes, N, *places, self.channels)
        axes = [schemes.backward(size, stride, pad) for size in (H, W)]
        self.data_plan = self._plan(axes, N, *places[::-1], K)

    def _plan(self, axes, N, source, sink, depth):
        rows, cols = axes
        products = SCHEMES[type(rows)].products * SCHEMES[type(cols)].products
        tiles = N * rows.tiles * cols.tiles
        block = self._block(tiles)
        return Plan(rows, cols, source, sink, N, products, tiles, block, depth)

    def _block(self, tiles, block=None):
        """Choose a block size that gives all threads about as many blocks."""
        workers, block = threads.count(), block or BLOCK
        blocks = max(1, round(tiles / (block * workers))) * workers
        each = -(-tiles // blocks)
        return -(-each // ROWS) * ROWS

    @property
    def blocks(self):
        """Rows of `sums` that a forward pass fills."""
        return _blocks(self.forward_plan)

    @property
    def data_blocks(self):
        """Rows of `sums` that a pass back to the data fills."""
        return _blocks(self.data_plan)

    def forward(self, w, source, sink):
        """Convolve a source with w (3, 3, C, K) into a sink."""
        self._convolve(self.forward_plan, w, source, sink, backward=False)

    def backward_data(self, w, source, sink):
        """Convolve the gradient of the output into that of x."""
        self._convolve(self.data_plan, w, source, sink, backward=True)

    def _convolve(self, plan, w, source, sink, backward):
        self._check_filters(w=w)
        if self._is_new(backward, source, sink):
            check_source(source, plan.N, plan.source, self.pad)
            tile = plan.rows.step_out, plan.cols.step_out
            check_sink(sink, plan.N, plan.sink, _blocks(plan), tile)
            self._checked[backward] = source, sink
        panels = -(-plan.sink.C // WIDTH)
        u_step = panels * plan.source.C * WIDTH + LINE
        memory = self._memory()
        u = memory.get("weights", 1, plan.products * u_step)[0]
        turned = w
        if backward:
            turned = memory.get("turned", 1, w.size)[0, : w.size]
            turned = turned.reshape(3, 3, self.K, self.C)
        flip = backward and self.stride == 1
        args = plan, w, turned, u, u_step * 4, backward, flip
        threads.each_above(SMALL, self.C * self.K, transform_weights, *args)
        size = plan.products * (
            plan.block * (plan.source.C + panels * WIDTH) + 2 * LINE
        )
        work = memory.get("tiles", threads.count(), size)
        counter = np.zeros(1, np.int64)
        if hasattr(sink, "sums"):
            sink.sums[:] = 0
        threads.each(convolve, plan, source, u, u_step * 4, sink, work, counter)

    def backward_weights(self, source, gradient, dw):
        """Write the gradient of w, from a source of x and one of dout."""
        plan = self.forward_plan
        self._check_filters(dw=dw)
        expect.written(dw=dw)
        if self._is_new("weights", source, gradient):
            check_source(source, plan.N, plan.source, self.pad)
            check_source(gradient, plan.N, plan.sink)
            self._checked["weights"] = source, gradient
        workers, panels = threads.count(), -(-self.K // WIDTH)
        k_parts = 1
        if self.C * self.K >= SHARED:  # dU is read and written once per block
            k_parts = min(workers, panels)
            plan = plan._replace(block=self._block(plan.tiles, 2 * BLOCK))
        t_parts = min(workers // k_parts, _blocks(plan))
        du_step = panels * self.C * WIDTH + LINE
        memory = self._memory()
        du = memory.get("weights", t_parts, plan.products * du_step)
        width = plan.block * (self.C + LINE) + LINE
        width += plan.block * panels * WIDTH + LINE
        work = memory.get("tiles", workers, plan.products * width)
        args = plan, source, gradient, du, du_step * 4, work, k_parts
        threads.each(convolve_weights, *args)
        args = plan, du, du_step * 4, t_parts, dw
        threads.each_above(SMALL, self.C * self.K, collect_weights, *args)
        dw[:, :, self.channels :] = 0

    def _is_new(self, role, *parts):
        """Tell whether these very tuples were not the last ones that were checked."""
        known = self._checked.get(role, (None, None))
        return any(part is not seen for part, seen in zip(parts, known, strict=True))

    def _check_filters(self, **arrays):
        expect.numbers(**arrays)
        expect.same_shape((3, 3, self.C, self.K), **arrays)

    def _memory(self):
        return self._scratch or scratch.own()
