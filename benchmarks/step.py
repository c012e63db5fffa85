"""Whole training steps of three networks: forward, backward, SGD with momentum.

Besides the time, two more rows per network:

- "curve": the largest relative difference between our loss and PyTorch's in 50 steps
  from the same weights; more than 1 in the third digit is an error;
- "MB": the memory that a step adds to a process that has imported its libraries and
  holds a batch, measured in a process of its own.
"""

import os
import subprocess
import sys

import numpy as np

from benchmarks import harness, models, nets
from benchmarks.harness import Job, Mismatch, Side
from utils.kernels import threads

# Network, images per batch, height and width of an image.
STEPS = [
    ("three-layer", 128, 32),
    ("vgg", 128, 32),
    ("airbench", 128, 32),
    ("airbench", 500, 20),
    ("airbench", 500, 28),
    ("airbench", 500, 32),
]
CURVE_STEPS, CURVE_TOLERANCE = 50, 1e-3
# Of the length of a whole gradient: a rounding can decide which pixel is the largest,
# or whether one is above zero, and then a single number goes elsewhere.
GRADIENT_TOLERANCE = 3e-2


def batches(number, N, size, seed=0):
    """Draw images that a network can learn: a pattern per class, and noise."""
    rng = np.random.default_rng(seed)
    patterns = rng.standard_normal((10, size, size, 3), np.float32)
    for _ in range(number):
        labels = rng.integers(0, 10, N)
        x = threads.aligned((N, size, size, 3))
        rng.standard_normal(out=x, dtype=np.float32)
        x += np.float32(0.5) * patterns[labels]
        yield x, labels


def job(name, N, size):
    """Give the job of one step; both sides start from the same weights."""
    ((x, labels),) = batches(1, N, size)
    net = nets.Net(name, size)
    rivals = [models.Model(name, net, label) for label in models.LAYOUTS]
    operations, needed, traffic = rivals[0].work(x)

    def side(label, model):
        batch = model.batch(x, labels)
        return Side(label, lambda: model.step(*batch), lambda loss: [np.array(loss)])

    return Job(
        f"{name} @{size} N={N}",
        "step",
        Side("ours", lambda: net.step(x, labels), lambda loss: [np.array(loss)]),
        [side(label, m) for label, m in zip(models.LAYOUTS, rivals, strict=True)],
        tolerance=1e-4,
        operations=operations,
        saved=needed / operations,
        traffic=traffic,
    )


def curve(name, N, size):
    """Train 50 steps beside PyTorch.

    Returns
    -------
    row : dict

    Raises
    ------
    Mismatch
        If the losses of a step, or the gradients of the first one, differ.
    """
    net = nets.Net(name, size)
    model = models.Model(name, net, "torch cl")
    label, data = f"{name} @{size} N={N}", list(batches(10, N, size))
    worst = 0.0
    for step in range(CURVE_STEPS):
        x, labels = data[step % len(data)]
        ours, theirs = net.step(x, labels), model.step(*model.batch(x, labels))
        if step == 0:
            found = max(_distance(*pair) for pair in model.gradients(net))
            _demand(label, "gradients of step 0", found, GRADIENT_TOLERANCE)
        difference = abs(ours - theirs) / abs(theirs)
        _demand(label, f"losses of step {step}", difference, CURVE_TOLERANCE)
        worst = max(worst, difference)
    row = {"ours_ms": None, "rival": "torch cl", "rival_ms": None, "ratio": None}
    return {"name": label, "pass": "curve", **row, "error": worst}


def _distance(theirs, ours):
    """Give the length of the difference, relative to the length of theirs."""
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


def _demand(name, what, found, tolerance):
    if not found <= tolerance:
        raise Mismatch(
            f"{name}: the {what} differ from PyTorch's by {found:.1e}, allowed is "
            f"{tolerance:.1e}."
        )


def memory(name, N, size):
    """Measure in processes of their own what a step adds; give the row."""
    added = {}
    for side in ("ours", "ours", *models.LAYOUTS):  # twice: the first may compile
        command = [sys.executable, "-m", "benchmarks.memory"]
        command += [name, str(N), str(size), side]
        environment = os.environ | {"UTILS_THREADS": str(threads.count())}
        done = subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True
        )
        added[side] = float(done.stdout)
    rival = min(models.LAYOUTS, key=added.__getitem__)
    return {
        "name": f"{name} @{size} N={N}",
        "pass": "MB",
        "ours_ms": None,
        "rival": rival,
        "rival_ms": None,
        "ratio": added[rival] / added["ours"],
        "ours_mb": added["ours"],
        "rival_mb": added[rival],
    }


def rows(options):
    """Measure all rows of the table; see `conv.rows`."""
    for name, N, size in STEPS:
        label = f"{name} @{size} N={N}"
        if options.only in f"{label} step":
            yield harness.measure(job(name, N, size), options.rounds, options.patience)
        if N == 128 and options.only in f"{label} curve":
            yield curve(name, N, size)
        if N == 128 and options.only in f"{label} MB":
            yield memory(name, N, size)
