"""The gradient of the weights of `winograd`: dU = V.T @ Y, summed over all tiles.

V holds the transformed pixels of a block of tiles, Y its transformed dout.  The product
sums over the tiles of the block, so dU (products, C, K) is read and written once per
block; the microkernel asks for the next rows of dU while it works on the present ones.

Threads.  A fixed share of the blocks each, with a dU of its own (small layers), or all
blocks but a fixed share of the filters K (large ones: the pixels are transformed by
every thread, and dU is as large as one).  `collect_weights` adds the shares in order.
"""

from utils.kernels import gemm
from utils.kernels.compiler import kernel
from utils.kernels.simd import LANES, ROWS, address
from utils.kernels.tiles import collect, gather_block, gather_gradient_block

WIDTH, FEW = gemm.WIDTH, gemm.FEW
LINE = 16  # numbers in a cache line


@kernel
def _add_rows(C, fresh, left, left_step, depth, right, out):
    """Do one panel of dU (C, WIDTH): as many rows at a time as the registers hold."""
    row, high = WIDTH * 4, C // ROWS
    while (C - high * ROWS) % FEW:
        high -= 1
    for i in range(high):
        at, to = left + i * ROWS * 4, out + i * ROWS * row
        if fresh:
            gemm.product(at, 4, left_step, depth, right, to, row, to + ROWS * row)
        else:
            gemm.add_product(at, 4, left_step, depth, right, to, row, to + ROWS * row)
    for c in range(high * ROWS, C, FEW):
        at, to = left + c * 4, out + c * row
        if fresh:
            gemm.few_product(at, 4, left_step, depth, right, to, row, to + FEW * row)
        else:
            gemm.add_few_product(at, 4, left_step, depth, right, to, row, to)


@kernel
def convolve_weights(
    worker, workers, plan, source, gradient, du, du_step, scratch, k_parts
):
    """Add V.T @ Y of this thread's blocks (and panels) to its share of dU.

    dU is (tile shares, products, panels, C, WIDTH); Y is the transformed dout.
    """
    t_parts = len(du)
    t_part, k_part = worker // k_parts, worker % k_parts
    if t_part >= t_parts:
        return
    C, panels = plan.source.C, (plan.sink.C + WIDTH - 1) // WIDTH
    low, high = panels * k_part // k_parts, panels * (k_part + 1) // k_parts
    v_row = (C + LINE) * 4  # no multiple of 4096: rows are read side by side
    v_step, panel = plan.block * v_row + LINE * 4, plan.block * WIDTH * 4
    y_step = (high - low) * panel + LINE * 4
    v = address(scratch[worker])
    y_at = v + plan.products * v_step
    du_at = address(du[t_part])
    blocks = (plan.tiles + plan.block - 1) // plan.block
    for block in range(t_part, blocks, t_parts):
        first = block * plan.block
        count = min(plan.block, plan.tiles - first)
        gather_block(plan, source, first, count, v, v_row, v_step)
        k_stop = min(high * WIDTH, plan.sink.C)
        gather_gradient_block(
            plan, gradient, first, count, low * WIDTH, k_stop, y_at, y_step
        )
        for product in range(plan.products):
            for k in range(low, high):
                left = v + product * v_step
                right = y_at + product * y_step + (k - low) * panel
                out = du_at + product * du_step + k * C * WIDTH * 4
                fresh = block == t_part
                _add_rows(plan.depth, fresh, left, v_row, count, right, out)


@kernel
def collect_weights(worker, workers, plan, du, du_step, parts, dw):
    """Add the shares of dU and transform them into dw; a thread owns channels C."""
    C, K = dw.shape[2], dw.shape[3]
    depth = plan.depth
    for c in range(depth * worker // workers, depth * (worker + 1) // workers):
        for k in range(0, K, LANES):
            at = address(du) + ((k // WIDTH * C + c) * WIDTH + k % WIDTH) * 4
            to = address(dw) + (c * K + k) * 4
            part = du.shape[1] * 4
            collect(plan, at, du_step, parts, part, to, C * K * 4)
