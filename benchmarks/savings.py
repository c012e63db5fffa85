"""What leaving work out gains, while all numbers stay the same.

In each row "ours" leaves something out and "rival" is our own way without it.

- "unused": `ConvNet` with and without ``skip_unused``, for the net of ``record94``:
  what floor pooling throws away is not computed.
- "frozen": the same net with nothing trained before a layer, against all of it.
- "sparse": the gradients of a convolution under a 2 x 2 pooling by `sparse`, a bound
  that leaves out all preparation, against the whole of our Winograd.
- "taps": products per output pixel and pair of channels.  The name says them: of the
  plain sums, without those that meet the padding, and by Winograd (forward).  Winograd
  multiplies transformed tiles; a zero at the border is mixed with its neighbours before
  the product, so there are no products with zeros that could be left out.  "direct" is
  the direct kernel, if it could leave out just those products and lost no speed,
  against the same kernel as it is; ``winograd_ms`` is what we use.
"""

from functools import partial

import numpy as np

from benchmarks import harness
from benchmarks.harness import Job, Side
from benchmarks.sparse import WIDE, Sparse
from utils.kernels import direct, fusion, threads, winograd
from utils.kernels.simd import padded
from utils.network import ConvNet
from utils.recipes import RECIPES, layers

RECIPE = RECIPES["record94"]
N = 128
SIZES = 20, 28, 32
FROZEN = {
    "whitening": ("whiten1.*",),
    "block 1": ("whiten1.*", "conv[12].*", "bn[12].*"),
    "blocks 1, 2": ("whiten1.*", "conv[1-4].*", "bn[1-4].*"),
}
# C, K, size of the map, and whether a pooling follows: airbench94 at 32 pixels.
LAYERS = [
    (24, 64, 31, True),
    (64, 64, 15, False),
    (64, 256, 15, True),
    (256, 256, 7, False),
    (256, 256, 7, True),
    (256, 256, 3, False),
]


def net(**settings):
    """Make the network of the recipe."""
    smoothing = RECIPE.label_smoothing
    return ConvNet(layers(RECIPE), label_smoothing=smoothing, **settings)


def batch(size, seed=0):
    """Draw images (N, 3, size, size), channels last in memory, and labels."""
    rng = np.random.default_rng(seed)
    x = threads.aligned((N, size, size, 3))
    rng.standard_normal(out=x, dtype=np.float32)
    return x.transpose(0, 3, 1, 2), rng.integers(0, 10, N)


def job(name, kind, ours, rival, numbers=list, tolerance=1e-4):
    """Give a row's job: two functions that do the same."""
    sides = Side("ours", ours, numbers), Side("without", rival, numbers)
    return Job(name, kind, sides[0], [sides[1]], tolerance, operations=0, traffic=0)


def unused(size):
    """Compare with a net that computes what pooling throws away."""
    images, (with_all, ours) = batch(size), (net(skip_unused=s) for s in (False, True))

    def side(one):
        return lambda: [one.loss(*images)[0]]

    return job(f"net of record94 @{size} N={N}", "unused", side(ours), side(with_all))


def frozen(size, what):
    """Compare with a net in which everything is trained."""
    images, one = batch(size), net()

    def side(*patterns):
        def run():
            one.unfreeze("*")
            one.freeze(*patterns)
            return [one.loss(*images)[0]]

        return run

    names = FROZEN[what]
    return job(f"{what} @{size} N={N}", "frozen", side(*names), side(), tolerance=0)


def layer(C, K, size, seed=0):
    """Draw x, w, and the gradient of a pooled map with its index."""
    rng, half = np.random.default_rng(seed), size // 2
    wide = -(-C // WIDE) * WIDE

    def normal(*shape):
        array = threads.aligned(shape)
        rng.standard_normal(out=array, dtype=np.float32)
        return array

    x, w, g = (
        normal(N, size, size, wide),
        normal(3, 3, wide, K),
        normal(N, half, half, K),
    )
    x[..., C:], w[:, :, C:] = 0, 0
    index = threads.aligned(g.shape, np.uint8)
    index[...] = rng.integers(0, 4, g.shape)
    return x, w, g, index


def sparse(C, K, size, kind):
    """Compare "dw" or "dx" of a layer with Winograd's."""
    x, w, g, index = layer(C, K, size)
    half, (one, zero) = size // 2, (f(K, np.float32) for f in (np.ones, np.zeros))
    needed = 2 * half, 2 * half
    conv = winograd.Convolution(*x.shape, K, out_size=needed, pooled=True, channels=C)
    back = fusion.PoolBack(g, g, index, one, zero, zero, half, half)
    result = threads.aligned(w.shape if kind == "dw" else x.shape)
    prototype = Sparse(x, w, g, index)

    def dense():
        if kind == "dw":
            conv.backward_weights(fusion.Plain(x), back, result)
        else:
            conv.backward_data(w, back, fusion.Store(result))
        return [result]

    # The shares of dw are put in order when they are compared, not while timed.
    run = prototype.weights if kind == "dw" else prototype.data

    def numbers(out):
        return [getattr(prototype, kind)] if out is None else out

    return job(
        f"conv 3x3 {C}->{K} @{size} N={N}", f"sparse {kind}", run, dense, numbers
    )


def products(C, K, size, pooled):
    """Count products per output pixel: plain, without padding, by Winograd."""
    needed = size // 2 * 2 if pooled else size
    shape = N, size, size, padded(C)
    plan = winograd.Convolution(
        *shape, K, out_size=(needed, needed), pooled=pooled
    ).forward_plan
    pixels = needed**2
    # An output in the first row has no taps above it; nor one in the last, below.
    inside = 3 * needed - 1 - (needed == size)
    return 9.0, inside**2 / pixels, plan.products * plan.tiles / N / pixels


def taps(C, K, size, pooled):
    """Give the row of the counts of a layer."""
    counts = products(C, K, size, pooled)
    numbers = " ".join(f"{count:.2f}" for count in counts)
    names = "plain", "without_padding", "winograd"
    empty = {"ours_ms": None, "rival": None, "rival_ms": None, "ratio": None}
    row = {"name": f"{C}->{K} @{size}: {numbers}", "pass": "taps"}
    return row | empty | dict(zip(names, counts, strict=True))


def without_padding(C, K, size, options):
    """Measure the direct kernel; give the row of what it could gain at most."""
    x, w, _, _ = layer(C, K, size)
    outs = [threads.aligned((N, size, size, K)) for _ in range(2)]
    conv = winograd.Convolution(*x.shape, K)

    def plain():
        direct.forward(x, w, None, outs[0], 1, 1)
        return [outs[0]]

    def tiles():
        conv.forward(w, fusion.Plain(x), fusion.Store(outs[1]))
        return [outs[1]]

    one = job(f"conv 3x3 {C}->{K} @{size} N={N}", "direct", plain, plain)
    one.others["winograd"] = Side("winograd", tiles, list)
    row = measure(one, options)
    nine, useful, _ = products(C, K, size, False)
    row["ours_ms"] = row["rival_ms"] * useful / nine
    # The saving itself is not measured: it is this share of what was.
    return row | {"ratio": nine / useful, "ours_min_ms": None, "ours_cores": None}


def measure(one, options):
    """Time a job; both sides are ours, so there is no limit to be reached."""
    row = harness.measure(one, options.rounds, options.patience)
    return row | {"limit": "", "limit_ms": None, "limit_share": None}


def jobs():
    """Go through all jobs: how the row is called, and a function that makes the job."""
    for size in SIZES:
        yield f"net of record94 @{size} N={N} unused", partial(unused, size)
    for what in FROZEN:
        yield f"{what} @32 N={N} frozen", partial(frozen, 32, what)
    for C, K, size, pooled in LAYERS:
        for kind in ("dw", "dx"):
            if pooled and size > 7:
                make = partial(sparse, C, K, size, kind)
                yield f"conv 3x3 {C}->{K} @{size} N={N} sparse {kind}", make


def rows(options):
    """Measure all rows of the table; see `conv.rows`."""
    for name, make in jobs():
        if options.only in name:
            yield measure(make(), options)
    for C, K, size, pooled in LAYERS:
        row = taps(C, K, size, pooled)
        if options.only in f"{row['name']} taps":
            yield row
    for C, K, size in ((256, 256, 7), (256, 256, 3)):
        if options.only in f"conv 3x3 {C}->{K} @{size} N={N} direct":
            yield without_padding(C, K, size, options)
