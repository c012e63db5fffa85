"""What each idea is worth: one network, trained without one idea at a time.

The yardstick is the network of `fast80`, trained for one epoch of images of 20 x 20
pixels, which takes seconds.  All accuracies are those of 5,000 training images that are
held back.  Where a variant needs another learning rate (another optimiser; no
batchnorm, where biases must be slower, too), it is the best of five, a factor of two
apart, on the same images with seed 0; everything else is as it is in `fast80`.
"""

from typing import NamedTuple

import numpy as np

from utils import network
from utils.augment import whitening_filters
from utils.experiments.runs import spread_of
from utils.optim import AdamW, Ema, Group, Nesterov, Optimizer, linear
from utils.recipes import RECIPES, accuracy, layers, make_augment, make_optimizer
from utils.solver import Solver

BASE = RECIPES["fast80"]._replace(epochs=1.0, sizes=((0.0, 20),))
CURVES = {"gelu": "GELU", "relu": "ReLU", "silu": "SiLU"}


class Variant(NamedTuple):
    """What is done differently.

    Attributes
    ----------
    changes : dict
        Of the recipe.
    without : str
        One of "whitening", "dirac", "batchnorm", or "".
    optimizer : {"muon", "sgd", "adamw"}
    rate : float or None
        Learning rate of that optimiser for the filters; None: the recipe's.
    averaging : bool
        Whether the average of the weights is measured.
    """

    changes: dict = {}
    without: str = ""
    optimizer: str = "muon"
    rate: float | None = None
    averaging: bool = False


VARIANTS = {
    "all ideas": Variant(),
    "no whitening": Variant(without="whitening"),
    "no dirac start": Variant(without="dirac"),
    "no batchnorm": Variant(
        {"bias_rate": BASE.bias_rate / 64}, without="batchnorm", rate=0.06
    ),
    "ghost batchnorm, 50 images": Variant({"ghost": 50}),
    "no label smoothing": Variant({"label_smoothing": 0.0}),
    **{
        f"{name} for {CURVES[BASE.activation]}": Variant({"activation": curve})
        for curve, name in CURVES.items()
        if curve != BASE.activation
    },
    "Nesterov SGD for Muon": Variant(optimizer="sgd", rate=0.5),
    "AdamW for Muon": Variant(optimizer="adamw", rate=8e-3),
    "no flip": Variant({"flip": None}),
    "shifts by 2 pixels": Variant({"translate": 2}),
    "average of weights (EMA)": Variant(averaging=True),
    "batches of 500": Variant(
        {"batch_size": 2 * BASE.batch_size, "muon_rate": 2**0.5 * BASE.muon_rate}
    ),
    "biases at the filters' rate": Variant(
        {"bias_rate": BASE.muon_rate / BASE.batch_size}
    ),
}


def make_layers(variant, recipe):
    """Give the layers of a variant."""
    given = layers(recipe)
    if variant.without == "whitening":
        given[0] = network.Conv(24, 2)
    if variant.without == "batchnorm":
        given = [one for one in given if not isinstance(one, network.BatchNorm)]
    if variant.without == "dirac":
        given = [
            network.Conv(one.filters, one.size, start="uniform")
            if isinstance(one, network.Conv)
            else one
            for one in given
        ]
    return given


def optimizer_of(variant, recipe):
    """Give the optimizer of a variant; biases and head move as in the recipe."""
    if variant.optimizer == "muon":
        if variant.rate is not None:
            recipe = recipe._replace(muon_rate=variant.rate)
        return make_optimizer(recipe)
    ways = {
        "sgd": Nesterov(recipe.momentum, decay=5e-4),
        "adamw": AdamW(decay=1e-2),
    }
    head, bias = (
        recipe.batch_size * rate for rate in (recipe.head_rate, recipe.bias_rate)
    )
    others = Nesterov(recipe.momentum)
    return Optimizer(
        [
            Group("conv*.w", ways[variant.optimizer], linear(variant.rate)),
            Group("affine1.w", others, linear(head)),
            Group("whiten1.b", others, linear(bias, until=recipe.whitening_until)),
            Group("*", others, linear(bias)),
        ]
    )


def train_variant(variant, data, seed, base=BASE):
    """Train a variant.

    Parameters
    ----------
    variant : Variant
    data : dict
        As `utils.recipes.held_back` gives it.
    seed : int
    base : Recipe, optional
        What is varied.

    Returns
    -------
    row : dict
        ``seed``; ``accuracy`` and ``accuracy_tta`` on the validation images, without
        and with mirror images; ``seconds`` of all updates.
    """
    recipe = base._replace(**variant.changes)
    net = network.ConvNet(
        make_layers(variant, recipe),
        seed=seed,
        label_smoothing=recipe.label_smoothing,
        ghost=recipe.ghost,
    )
    freeze = None
    if variant.without != "whitening":
        net.whiten(whitening_filters(data["X_train"], count=recipe.whitening_images))
        freeze = [(recipe.whitening_until, "whiten1.b")]
    # Early weights should have faded away by the end of some 200 steps.
    average = Ema(decay=0.9) if variant.averaging else None
    solver = Solver(
        net,
        data,
        optimizer=optimizer_of(variant, recipe),
        augment=make_augment(recipe, seed),
        batch_size=recipe.batch_size,
        num_epochs=recipe.epochs,
        sizes=recipe.sizes,
        freeze=freeze,
        averaging=average,
        seed=seed,
        evaluate="never",
        verbose=False,
    )
    solver.train()
    if solver.stopped:
        raise ValueError(f"The variant {variant} has no result: {solver.stopped}")
    X, y = data["X_val"], data["y_val"]
    return {
        "seed": seed,
        "accuracy": accuracy(recipe, net, X, y),
        "accuracy_tta": accuracy(recipe, net, X, y, "mirror"),
        "seconds": solver.train_seconds,
    }


def run(data, seeds=3, variants=VARIANTS, base=BASE, report=None):
    """Train all variants with some seeds.

    Parameters
    ----------
    data : dict
        As `utils.recipes.held_back` gives it.
    seeds : int, default 3
    variants : dict, optional
        Name -> `Variant`.
    base : Recipe, optional
    report : callable, optional
        Gets a line of text after each variant.

    Returns
    -------
    dict
        Name -> list of rows, see `train_variant`.
    """
    results = {}
    for name, variant in variants.items():
        rows = [train_variant(variant, data, seed, base) for seed in range(seeds)]
        results[name] = rows
        if report is not None:
            values = 100 * np.array([row["accuracy"] for row in rows])
            report(f"{name:28} {values.mean():5.1f} +- {spread_of(values):.1f} %")
    return results


def table(results, key="accuracy"):
    """Compare each variant with the first one, in per cent of the images.

    Parameters
    ----------
    results : dict
        As `run` gives it.
    key : {"accuracy", "accuracy_tta"}, optional

    Returns
    -------
    dict
        Name -> (mean, difference to the mean of the first one, standard error of this
        difference).  Variances are estimated from n - 1 seeds; with a single seed there
        is nothing to estimate, and the error is 0.
    """
    first, found = None, {}
    for name, rows in results.items():
        values = 100 * np.array([row[key] for row in rows])
        mean, square = float(values.mean()), spread_of(values) ** 2 / len(values)
        if first is None:
            first = mean, square
            found[name] = mean, 0.0, 0.0
        else:
            found[name] = mean, mean - first[0], (square + first[1]) ** 0.5
    return found
