"""The ladder of CNN-Layers.ipynb beside PyTorch, and the picture for README.

    python -m benchmarks ladder --json docs/ladder.json --figure docs/ladder.png

All times are per image.  The loops in Python get one image, once.  Without PyTorch, our
rungs are compared with each other.
"""

import time
from pathlib import Path

import numpy as np

from benchmarks import engine, harness, has_torch, machine
from benchmarks.harness import Job, Side
from utils import ladder
from utils.exercises.conv_layers import conv_forward_naive

N = 32  # images
TOLERANCE = 2e-5
SLOW = {"loops, compiled": 5, "compiled, filters innermost": 3}  # see `Side.every`
STYLE = Path(__file__).resolve().parent.parent / "utils" / "workbook.mplstyle"


def job():
    """Give all rungs but the first as one job; PyTorch, if it is here, is the rival."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((N, ladder.SIZE, ladder.SIZE, ladder.C), np.float32)
    w = rng.standard_normal((3, 3, ladder.C, ladder.K), np.float32)
    b = rng.standard_normal(ladder.K, np.float32)
    dout = np.zeros((*x.shape[:3], ladder.K), np.float32)
    sides = {
        name: Side(name, prepare(x, w, b), lambda out: [out], SLOW.get(name, 1))
        for name, prepare in ladder.RUNGS.items()
    }
    *others, ours = sides.values()
    _, saved = engine.conv("forward", x, w, None, dout, 1, ladder.PAD)
    return Job(
        "ladder",
        "forward",
        ours,
        _rivals(x, w, b, dout),
        TOLERANCE,
        operations=N * ladder.OPERATIONS,
        traffic=x.nbytes + dout.nbytes,
        saved=saved,
        others={side.label: side for side in others},
    )


def _rivals(*arrays):
    if not has_torch():
        return []
    from benchmarks import rivals

    return rivals.torch_conv("forward", *arrays, 1, ladder.PAD)


def _row(name, seconds, rival, rival_seconds, work):
    """Give one row; `work` is what the rung needs per image: operations, bytes."""
    least, bound = machine.limit(*work)
    return {
        "name": name,
        "pass": "forward",
        "ours_ms": 1e3 * seconds,
        "rival": rival,
        "rival_ms": rival_seconds and 1e3 * rival_seconds,
        "ratio": rival_seconds and rival_seconds / seconds,
        "gflops": ladder.OPERATIONS / seconds / 1e9,
        "limit": bound,
        "limit_ms": 1e3 * least,
        "limit_share": least / seconds,
    }


def rows(options):
    """Measure all rungs; draw them if ``options.figure`` says where.

    The limit of the last rung is lower than that of the others: Winograd's algorithm
    has less to compute.
    """
    whole = job()
    harness.check(whole)
    sides = [*whole.others.values(), whole.ours, *whole.rivals]
    kept, _ = harness.attempt(sides, max(options.rounds, 5), options.patience)
    seconds, speed = kept.seconds, kept.speed
    medians = [machine.median(times) / N for times in seconds]
    theirs = range(len(sides) - len(whole.rivals), len(sides))
    best = min(theirs, key=medians.__getitem__, default=None)
    rival = (None, None) if best is None else (sides[best].label, medians[best])
    names = ["loops in Python", *ladder.RUNGS]
    times = [_python_seconds(), *medians]
    pairs = zip(names, times, strict=False)  # the last times are PyTorch's
    saved = {whole.ours.label: whole.saved}
    table = []
    for name, t in pairs:
        work = ladder.OPERATIONS * saved.get(name, 1), whole.traffic / N
        table.append(_row(name, t, *rival, work) | {"speed": speed})
    if options.figure:
        draw(table, options.figure)
    yield from table


def _python_seconds():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1, ladder.C, ladder.SIZE, ladder.SIZE), np.float32)
    w = rng.standard_normal((ladder.K, ladder.C, 3, 3), np.float32)
    begin = time.perf_counter()
    conv_forward_naive(x, w, w[:, 0, 0, 0], {"stride": 1, "pad": ladder.PAD})
    return time.perf_counter() - begin


def draw(table, path):
    """Draw the rows of `rows` to a file, with PyTorch as a line if it was there."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    from utils import plots

    plt.style.use(STYLE)
    rungs = [ladder.Rung(row["name"], row["ours_ms"] / 1e3, 0.0) for row in table]
    lines = {}
    if table[0]["rival"]:
        lines["PyTorch 2.13, faster layout"] = table[0]["rival_ms"] / 1e3
    peak = ladder.OPERATIONS / machine.peak() / 1e9
    lines["peak of the processor, plain sums"] = peak
    ax = plots.plot_ladder(rungs, lines)
    ax.figure.savefig(path, dpi=160)
