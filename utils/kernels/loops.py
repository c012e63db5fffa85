"""A convolution as plain compiled loops: what Numba makes of ordinary code.

No network here is trained with these two kernels; they are steps of the ladder in
CNN-Layers.ipynb, where the same layer climbs from Python's loops to the engine's.
Both compute the same sums, with pad 0 and stride 1,

    out[n, i, j, k] = b[k] + sum of x[n, i + p, j + q, c] * w[p, q, c, k]

on images (N, H, W, C) and weights (HH, WW, C, K).  They differ in one thing: which
loop is the innermost one.

Thread: worker t owns the output rows t, t + workers, t + 2 * workers and so on, counted
        through all images.
Cost:   2 * HH * WW * C operations for each of the N * H_out * W_out * K outputs.
"""

from utils.kernels.compiler import kernel


# Order: one output number after the other; the innermost loops run over its products.
#        Each addition needs the result of the one before and waits for it, four
#        cycles or so, and nothing can be done side by side: changing the order of a
#        sum changes its rounding, which a compiler must not do.
@kernel
def one_output_at_a_time(worker, workers, x, w, b, out):
    """Sum the products of each output number up before the next one."""
    N, H_out, W_out, K = out.shape
    HH, WW, C, _ = w.shape
    for row in range(worker, N * H_out, workers):
        n, i = row // H_out, row % H_out
        for j in range(W_out):
            for k in range(K):
                total = b[k]
                for p in range(HH):
                    for q in range(WW):
                        for c in range(C):
                            total += x[n, i + p, j + q, c] * w[p, q, c, k]
                out[n, i, j, k] = total


# Order: the innermost loop runs over the filters k.  Its sums are independent and lie
#        side by side in memory, so the compiler turns it into vector instructions by
#        itself; every output still adds its products in the same order as above.
@kernel
def all_filters_at_once(worker, workers, x, w, b, out):
    """Add each product to the outputs of all filters before the next product."""
    N, H_out, W_out, K = out.shape
    HH, WW, C, _ = w.shape
    for row in range(worker, N * H_out, workers):
        n, i = row // H_out, row % H_out
        for j in range(W_out):
            sums = out[n, i, j]
            sums[:] = b
            for p in range(HH):
                for q in range(WW):
                    for c in range(C):
                        number, weights = x[n, i + p, j + q, c], w[p, q, c]
                        for k in range(K):
                            sums[k] += number * weights[k]
