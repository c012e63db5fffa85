"""The learning rate finder for three optimisers, on the network of a recipe."""

import functools

from utils import network
from utils.augment import Augment, whitening_filters
from utils.optim import AdamW, Group, Muon, Nesterov, Optimizer
from utils.recipes import RECIPES, layers
from utils.solver import find_learning_rate

RANGES = {"SGD": (1e-4, 100.0), "Adam": (1e-5, 10.0), "Muon": (1e-3, 10.0)}


def optimizer_for(name, recipe, rate):
    """Give an optimizer whose filters move at a rate that is looked for.

    Parameters
    ----------
    name : {"SGD", "Adam", "Muon"}
        SGD and Adam move everything; Muon moves the filters, while biases and head
        move as in the recipe.
    recipe : Recipe
    rate : callable
        A schedule.
    """
    nesterov = Nesterov(recipe.momentum)
    if name == "SGD":
        return Optimizer([Group("*", nesterov, rate)])
    if name == "Adam":
        return Optimizer([Group("*", AdamW(decay=0.0), rate)])
    head, bias = (
        recipe.batch_size * part for part in (recipe.head_rate, recipe.bias_rate)
    )
    return Optimizer(
        [
            Group("conv*.w", Muon(recipe.muon_momentum), rate),
            Group("affine1.w", nesterov, head),
            Group("*", nesterov, bias),
        ]
    )


def find_rates(data, recipe=RECIPES["fast65"], num_steps=100):
    """Look for learning rates.

    Parameters
    ----------
    data : dict
        ``X_train``, ``y_train``, ``X_val``, ``y_val``.
    recipe : Recipe, optional
        Network, batch size and size of the images (its first one).
    num_steps : int, default 100
        Updates for each optimiser.

    Returns
    -------
    dict
        Name of the optimiser -> `utils.solver.finder.Finding`.
    """
    filters = whitening_filters(data["X_train"], count=recipe.whitening_images)

    def make_model():
        net = network.ConvNet(
            layers(recipe), seed=0, label_smoothing=recipe.label_smoothing
        )
        net.whiten(filters)
        return net

    return {
        name: find_learning_rate(
            make_model,
            data,
            optimizer=functools.partial(optimizer_for, name, recipe),
            augment=Augment(recipe.translate, recipe.flip),
            size=recipe.sizes[0][1],
            batch_size=recipe.batch_size,
            lowest=lowest,
            highest=highest,
            num_steps=num_steps,
        )
        for name, (lowest, highest) in RANGES.items()
    }
