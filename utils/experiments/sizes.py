"""Small images first: three orders of image sizes that cost the same.

An image of 20 x 20 pixels costs a third of one of 32 x 32.  Each order of sizes gets as
many steps as the same number of operations allows, and is measured on the way, at the
size it has then: on other sizes than the last one, a network knows less than it could.
"""

import numpy as np

from utils import network
from utils.augment import predict_views, whitening_filters
from utils.network.summary import training_flops
from utils.recipes import RECIPES, layers, make_augment, make_optimizer
from utils.recipes.training import warm_up
from utils.solver import Solver

BASE = RECIPES["fast80"]._replace(whitening_until=1.0)
ORDERS = {
    "32 pixels only": ((0.0, 32),),
    "20, then 32": ((0.0, 20), (0.5, 32)),
    "20, 28, 32": ((0.0, 20), (0.3, 28), (0.6, 32)),
}
POINTS = 12  # measurements on the way


def steps_for(flops, sizes, net, batch_size):
    """Count the steps that a number of operations allows.

    Parameters
    ----------
    flops : float
    sizes : tuple of (float, int)
        (progress, image size).
    net : ConvNet
    batch_size : int

    Returns
    -------
    int
    """
    ends = [begin for begin, _ in sizes[1:]] + [1.0]
    cost = 0.0
    for (begin, size), end in zip(sizes, ends, strict=True):
        cost += (end - begin) * training_flops(net.parts, (), (3, size, size))
    return max(1, round(flops / (cost * batch_size)))


def train_order(sizes, data, seed, flops, base=BASE):
    """Train with one order of sizes.

    Parameters
    ----------
    sizes : tuple of (float, int)
    data : dict
        As `utils.recipes.held_back` gives it.
    seed : int
    flops : float
        Operations that may be spent.
    base : Recipe, optional

    Returns
    -------
    dict of lists
        ``step``, ``seconds`` of updates, ``size``, ``accuracy``.
    """
    recipe = base._replace(sizes=sizes)
    net = network.ConvNet(
        layers(recipe), seed=seed, label_smoothing=recipe.label_smoothing
    )
    optimizer = make_optimizer(recipe)
    augment = make_augment(recipe, seed)
    steps = steps_for(flops, sizes, net, recipe.batch_size)
    warm = make_augment(recipe, seed)  # one of its own: draws are part of the time
    warm_up(net, optimizer, warm, data, recipe, ((1.0, "whiten1.b"),))
    net.whiten(whitening_filters(data["X_train"], count=recipe.whitening_images))
    curve = {"step": [], "seconds": [], "size": [], "accuracy": []}

    def measure(solver):
        done = max(solver.step - 1, 0) / steps  # at the beginning of the last step
        size = next(size for begin, size in reversed(sizes) if begin <= done)
        scores = predict_views(net.predict, data["X_val"], "none", size=size)
        right = float(np.mean(scores.argmax(axis=1) == data["y_val"]))
        row = solver.step, solver.train_seconds, size, right
        for key, value in zip(curve, row, strict=True):
            curve[key].append(value)

    few = {"X_val": data["X_val"][:1], "y_val": data["y_val"][:1]}
    solver = Solver(
        net,
        data | few,
        optimizer=optimizer,
        augment=augment,
        batch_size=recipe.batch_size,
        num_steps=steps,
        sizes=sizes,
        seed=seed,
        num_train_samples=1,
        evaluate=max(1, steps // POINTS),
        on_evaluate=measure,
        keep_best=False,
        verbose=False,
    )
    solver.train()
    if solver.stopped:
        raise ValueError(f"The sizes {sizes} have no result: {solver.stopped}")
    return curve


def run(data, seeds=3, orders=ORDERS, flops=2.7e12, base=BASE, report=None):
    """Train with all orders of sizes and some seeds.

    Parameters
    ----------
    data : dict
        As `utils.recipes.held_back` gives it.
    seeds : int, default 3
    orders : dict, optional
        Name -> (progress, image size) pairs.
    flops : float, default 2.7e12
        Operations of each training; the default is about one epoch of `fast80`.
    base : Recipe, optional
    report : callable, optional
        Gets a line of text after each order.

    Returns
    -------
    dict
        Name -> list of curves, see `train_order`.
    """
    results = {}
    for name, sizes in orders.items():
        curves = [train_order(sizes, data, k, flops, base) for k in range(seeds)]
        results[name] = curves
        if report is not None:
            last = np.mean([curve["accuracy"][-1] for curve in curves])
            seconds = np.mean([curve["seconds"][-1] for curve in curves])
            report(f"{name:16} {100 * last:5.1f} % in {seconds:.1f} s")
    return results
