"""Our recipes beside the same training in PyTorch: same net, batches and schedule.

Rows, for each recipe:

- "step": one whole step (forward, backward, optimiser) of each part of the schedule,
  named by the size of its images, and "+b" while the bias of the whitening layer is
  trained.  Making the batch is left out on both sides, which have the same one.
- "curve": the largest relative difference of the two losses in 20 steps, after the
  gradients of the first step have been compared, in float64 and in float32.
- "updates": the sum of all steps up to the last update, in milliseconds, from the
  medians; ``ours_epoch_s`` and ``rival_epoch_s`` are seconds per epoch.
- "training": with ``--full NAMES``, one whole training on each side, with whitening and
  batches; the name says both accuracies on the test images, without and with the
  recipe's views.

A step takes up to seconds, so there are only a third of the rounds.  The published
recipe, with its batches of 2000, is measured if ``--only`` names it.
"""

from typing import NamedTuple

import numpy as np

from benchmarks import harness
from benchmarks.harness import Job, Mismatch, Side
from benchmarks.rivals import LAYOUTS
from benchmarks.torch_recipe import Rival, schedule
from benchmarks.torch_recipe import train as train_rival
from utils.augment import predict_views, whitening_filters
from utils.cifar10 import load_cifar10
from utils.network import ConvNet
from utils.network.summary import training_flops
from utils.recipes import (
    RECIPES,
    accuracy,
    layers,
    make_augment,
    make_optimizer,
    train,
)

LONG = ("published94",)
# Muon makes a step of the same size out of any gradient, so roundings grow fast.
CURVE_STEPS, CURVE_TOLERANCE = 20, 0.1
# Of two pixels in a pooling window that are equal to rounding, either may get the
# gradient.  In float64 that hardly happens, and both sides must agree; in float32 each
# side is some 1e-2 away from that.
CHECKED = 100  # images
EXACT_TOLERANCE, GRADIENT_TOLERANCE = 1e-3, 0.1


class Phase(NamedTuple):
    """A part of a training in which all steps cost the same."""

    size: int
    frozen: tuple
    first: int
    steps: int

    @property
    def name(self):
        """Size of the images, and what is trained beside the usual."""
        return f"@{self.size}" + ("" if "whiten1.b" in self.frozen else " +b")


def phases(plan):
    """Cut a plan into parts in which all steps cost the same."""
    found = []
    for step in range(plan.total):
        key = plan.size(step), tuple(plan.frozen(step))
        if not found or found[-1][:2] != key:
            found.append(Phase(*key, step, 0))
        found[-1] = found[-1]._replace(steps=found[-1].steps + 1)
    return found


class Ours:
    """A recipe's network and optimiser on the engine; methods as `Rival` has them."""

    def __init__(self, recipe, images, dtype=np.float32):
        smoothing = recipe.label_smoothing
        self.net = ConvNet(layers(recipe), dtype=dtype, label_smoothing=smoothing)
        self.net.whiten(whitening_filters(images, count=recipe.whitening_images))
        self.optimizer = make_optimizer(recipe)
        filters = {name: self.net.filters(name) for name in self.net.params}
        self.optimizer.bind(self.net.params, filters)

    def freeze(self, patterns):
        """Compute no gradients for these parameters any more."""
        self.net.freeze(*patterns)

    def batch(self, X, y):
        """Give a batch as it is."""
        return X, y

    def backward(self, X, y):
        """Compute the loss and all gradients."""
        loss, self.grads = self.net.loss(X, y)
        return loss

    def step(self, X, y, progress):
        """Train on one batch; give the loss."""
        loss = self.backward(X, y)
        self.optimizer.step(self.net.params, self.grads, progress)
        return loss

    def gradients(self):
        """Give the gradients of the last batch as ``state_dict`` has them."""
        return self.net.as_field(self.grads)


class Table:
    """Measures one recipe."""

    def __init__(self, name, data, options):
        self.name, self.recipe, self.options = name, RECIPES[name], options
        self.images, self.labels = data["X_train"], data["y_train"]
        self.order, self.plan = schedule(self.recipe, len(self.labels))
        self.augment = make_augment(self.recipe)

    def batch(self, step):
        """Make the batch of a step of the training."""
        epoch, k = divmod(step, self.order.per_epoch)
        index, size = self.order.batch(epoch, k), self.plan.size(step)
        X = self.augment.batch(self.images, index, epoch, size)
        return X, self.labels[index]

    def sides(self, frozen, labels=tuple(LAYOUTS)):
        """Make both sides with the same weights."""
        ours = Ours(self.recipe, self.images)
        arrays = ours.net.state_dict()
        rivals = [Rival(self.recipe, arrays, LAYOUTS[label]) for label in labels]
        for side in (ours, *rivals):
            side.freeze(frozen)
        return ours, rivals

    def check_gradients(self):
        """Compare loss and gradients of the first weights, in both precisions."""
        ours, (rival,) = self.sides(self.plan.frozen(0), ["torch cl"])
        exact = Ours(self.recipe, self.images, np.float64)
        exact.net.load_state_dict(ours.net.state_dict())
        exact.freeze(self.plan.frozen(0))
        X, y = (part[:CHECKED] for part in self.batch(0))
        loss = exact.backward(X, y)
        seen = exact.gradients()
        for side, limit in (
            (rival.double(), EXACT_TOLERANCE),
            (rival, GRADIENT_TOLERANCE),
            (ours, GRADIENT_TOLERANCE),
        ):
            found = abs(side.backward(*side.batch(X, y)) - loss) / loss
            whose = type(side).__name__
            demand(self.name, f"{whose} and float64: losses", found, 1e-6)
            found = distance(side.gradients(), seen)
            demand(self.name, f"{whose} and float64: gradients", found, limit)

    def curve(self):
        """Compare gradients, and the losses of 20 steps; give the row."""
        self.check_gradients()
        ours, (rival,) = self.sides((), ["torch cl"])
        worst = 0.0
        for step in range(CURVE_STEPS):
            X, y = self.batch(step)
            progress = self.plan.progress(step)
            losses = []
            for side in (ours, rival):
                side.freeze(self.plan.frozen(step))
                losses.append(side.step(*side.batch(X, y), progress))
            found = abs(losses[0] - losses[1]) / losses[1]
            demand(self.name, f"the losses of step {step}", found, CURVE_TOLERANCE)
            worst = max(worst, found)
        row = {"ours_ms": None, "rival": "torch cl", "rival_ms": None, "ratio": None}
        return {"name": self.name, "pass": "curve", **row, "error": worst}

    def step(self, phase):
        """Time a step of a phase; give the row."""
        ours, rivals = self.sides(phase.frozen)
        X, y = self.batch(phase.first)
        progress = self.plan.progress(phase.first + phase.steps // 2)

        def side(label, model):
            batch = model.batch(X, y)
            return Side(label, lambda: [model.step(*batch, progress)], list)

        shape = 3, phase.size, phase.size
        frozen = ours.net.matching(phase.frozen)
        job = Job(
            f"{self.name} {phase.name}",
            "step",
            side("ours", ours),
            [side(label, r) for label, r in zip(LAYOUTS, rivals, strict=True)],
            tolerance=1e-4,
            operations=len(y) * training_flops(ours.net.parts, frozen, shape),
            saved=1 / 4,  # as by F(4 x 4, 3 x 3)
            traffic=X.nbytes,
        )
        rounds = max(harness.LEAST_ROUNDS, self.options.rounds // 3)
        return harness.measure(job, rounds, self.options.patience)

    def rows(self):
        """Measure everything that was asked for."""
        if self.options.only in f"{self.name} curve":
            yield self.curve()
        timed = []
        for phase in phases(self.plan):
            if self.options.only in f"{self.name} {phase.name} step":
                timed.append((phase, self.step(phase)))
                yield timed[-1][1]
        if len(timed) == len(phases(self.plan)):
            yield self.updates(timed)

    def updates(self, timed):
        """Add all steps up; give the row."""
        epochs = self.plan.total / self.plan.per_epoch
        ours, theirs = (
            sum(phase.steps * row[key] for phase, row in timed)
            for key in ("ours_ms", "rival_ms")
        )
        return {
            "name": f"{self.name}, {self.plan.total} steps",
            "pass": "updates",
            "ours_ms": ours,
            "rival": "torch",
            "rival_ms": theirs,
            "ratio": theirs / ours,
            "ours_epoch_s": ours / 1e3 / epochs,
            "rival_epoch_s": theirs / 1e3 / epochs,
            "epochs": epochs,
        }


def distance(ours, theirs):
    """Give the largest distance of two arrays of a name, relative to the length.

    Parameters
    ----------
    ours, theirs : dict of ndarrays

    Returns
    -------
    float
        Infinity if the names differ.
    """
    if ours.keys() != theirs.keys():
        return np.inf
    return max(
        float(np.linalg.norm(ours[name] - b) / (np.linalg.norm(b) or 1.0))
        for name, b in theirs.items()
    )


def demand(name, what, found, tolerance):
    """Raise Mismatch unless a difference is small enough."""
    if not found <= tolerance:
        raise Mismatch(
            f"{name}: {what} differ by {found:.1e}, allowed is {tolerance:.1e}."
        )


def full(name, data, layout="torch cl", seed=0):
    """Train a recipe whole on both sides; give the row."""
    recipe = RECIPES[name]
    start = ConvNet(
        layers(recipe), seed=seed, label_smoothing=recipe.label_smoothing
    ).state_dict()
    ours = train(recipe, data, seed)
    rival, seconds = train_rival(recipe, start, LAYOUTS[layout], data, seed)
    X, y = data["X_test"], data["y_test"]
    size = recipe.sizes[-1][1]
    row = {"pass": "training", "seed": seed, "rival": layout}
    for key, views in (("accuracy", "none"), ("accuracy_views", recipe.views)):
        scores = predict_views(rival.predict, X, views, size=size)
        row[f"rival_{key}"] = float((scores.argmax(axis=1) == y).mean())
        row[f"ours_{key}"] = accuracy(recipe, ours.net, X, y, views)
    return row | {
        "name": f"{name} {row['ours_accuracy']:.1%} | {row['rival_accuracy']:.1%}",
        "ours_ms": 1e3 * ours.train_seconds,
        "rival_ms": 1e3 * seconds,
        "ratio": seconds / ours.train_seconds,
    }


def rows(options):
    """Measure all rows of the table; see `conv.rows`."""
    for name in options.full:
        if name not in RECIPES:
            known = ", ".join(RECIPES)
            raise SystemExit(f"--full names {name!r}, expected some of {known}.")
    data = load_cifar10(num_train=50000, num_val=0)
    if options.full:
        for name in options.full:
            yield full(name, data)
        return
    for name in RECIPES:
        if name not in LONG or name in options.only:
            yield from Table(name, data, options).rows()
