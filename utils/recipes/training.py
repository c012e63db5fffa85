"""From a recipe to a trained network."""

import time
from typing import NamedTuple

import numpy as np

from utils import kernels, network
from utils.augment import Augment, predict_views, whitening_filters
from utils.network.summary import training_flops
from utils.optim import Group, Muon, Nesterov, Optimizer, linear
from utils.solver import Solver
from utils.solver.plan import Plan


class Result(NamedTuple):
    """What a training gave.

    Attributes
    ----------
    net : ConvNet
    solver : Solver
        With the history.
    train_seconds : float
        From data in memory and kernels compiled to the last update: whitening, making
        batches, updates; no evaluation.
    compile_seconds : float
        Loading or compiling kernels, and making memory.
    epochs : float
        Passes over the training images.
    flops : float
        Operations of convolutions and affine layers, as frameworks count them.
    """

    net: object
    solver: object
    train_seconds: float
    compile_seconds: float
    epochs: float
    flops: float


def layers(recipe):
    """Write down the network of a recipe."""
    curves = {
        "gelu": network.Gelu(),
        "silu": network.Silu(),
        "relu": network.Relu(),
    }
    norm = network.BatchNorm(scale=False, eps=1e-12, momentum=0.6)
    curve = curves[recipe.activation]
    net = [network.Whiten(2), curve]
    for width in recipe.widths:
        conv = network.Conv(width, 3, start="dirac")
        net += [conv, network.MaxPool(2), norm, curve, conv, norm, curve]
    head = network.Affine(10, bias=False, start="unit")
    return [*net, network.GlobalMaxPool(), head, network.Scale(1 / recipe.widths[-1])]


def make_optimizer(recipe):
    """Give the optimizer of a recipe."""

    def nesterov(rate, until=1.0):
        # The source sums the loss over the batch, we take the mean.
        method = Nesterov(recipe.momentum, decay=recipe.decay / rate)
        return method, linear(rate * recipe.batch_size, until=until)

    return Optimizer(
        [
            Group("conv*.w", Muon(recipe.muon_momentum), linear(recipe.muon_rate)),
            Group("whiten1.b", *nesterov(recipe.bias_rate, recipe.whitening_until)),
            Group("affine1.w", *nesterov(recipe.head_rate)),
            Group("*", *nesterov(recipe.bias_rate)),
        ]
    )


def make_augment(recipe, seed=0):
    """Give what makes the batches of a recipe."""
    return Augment(
        recipe.translate,
        recipe.flip,
        brightness=recipe.brightness,
        contrast=recipe.contrast,
        seed=seed,
    )


def freezing(recipe):
    """Give (progress, pattern) of all that is frozen, the whitening's bias first."""
    return ((recipe.whitening_until, "whiten1.b"), *recipe.freeze)


def train(recipe, data, seed=0, threads=None, **more):
    """Train.

    Parameters
    ----------
    recipe : Recipe
    data : dict
        ``X_train``, ``y_train``: all of it is used; ``X_val``, ``y_val`` are measured
        only if `more` says so.
    seed : int, default 0
        Of weights, order and views.
    threads : int, optional
        Only to make sure: kernels take what ``UTILS_THREADS`` said at their start.
    **more
        For `Solver`: ``evaluate``, ``on_evaluate``, ``checkpoint`` and so on.

    Returns
    -------
    Result
    """
    if threads not in (None, kernels.threads.count()):
        raise ValueError(
            f"threads is {threads}, but the kernels of this program use "
            f"{kernels.threads.count()}: set UTILS_THREADS before it starts."
        )
    if not len(data.get("y_val", ())):  # nothing is held back, nothing measured
        data = {**data, "X_val": data["X_train"][:1], "y_val": data["y_train"][:1]}
    begin = time.perf_counter()
    net = network.ConvNet(
        layers(recipe),
        seed=seed,
        label_smoothing=recipe.label_smoothing,
        ghost=recipe.ghost,
    )
    augment = make_augment(recipe, seed)
    freeze = freezing(recipe)
    optimizer = make_optimizer(recipe)
    solver = Solver(
        net,
        data,
        optimizer=optimizer,
        augment=augment,
        batch_size=recipe.batch_size,
        num_epochs=recipe.epochs,
        sizes=recipe.sizes,
        freeze=freeze,
        seed=seed,
        **{"evaluate": "never", "keep_best": False, "verbose": False} | more,
    )
    warm_up(net, optimizer, make_augment(recipe, seed), data, recipe, freeze)
    compiled = time.perf_counter()
    count = recipe.whitening_images
    net.whiten(whitening_filters(data["X_train"], count=count))
    whitened = time.perf_counter()
    solver.train()
    return Result(
        net,
        solver,
        train_seconds=whitened - compiled + solver.train_seconds,
        compile_seconds=compiled - begin,
        epochs=solver.step * recipe.batch_size / len(data["y_train"]),
        flops=count_flops(net, recipe, solver.step),
    )


def held_back(data, count):
    """Take the last training images as validation images.

    Parameters
    ----------
    data : dict
        With ``X_train`` and ``y_train``.
    count : int
        How many.

    Returns
    -------
    dict
        The same, with ``X_train`` and ``y_train`` shorter, and ``X_val``, ``y_val``.
    """
    X, y = data["X_train"], data["y_train"]
    pixels, cut = X.raw(slice(None)) if hasattr(X, "raw") else X, len(y) - count
    parts = {"X_train": pixels[:cut], "y_train": y[:cut]}
    return data | parts | {"X_val": pixels[cut:], "y_val": y[cut:]}


def warm_up(net, optimizer, augment, data, recipe, freeze):
    """Compile all kernels that a training needs; the network is then as before."""
    kept = net.state_dict()
    index = np.arange(recipe.batch_size) % len(data["y_train"])
    optimizer.bind(net.params, {name: net.filters(name) for name in net.params})
    sizes = sorted({size for _, size in recipe.sizes}, reverse=True)
    for frozen in (False, True):
        for size in sizes:
            X = augment.batch(data["X_train"], index, 0, size)
            loss, grads = net.loss(X, data["y_train"][index])
            optimizer.step(net.params, grads, 0.0)
        if not frozen:
            net.freeze(*(pattern for _, pattern in freeze))
    net.unfreeze("*")
    net.load_state_dict(kept)


def count_flops(net, recipe, steps):
    """Count the operations of a training."""
    plan = Plan(steps, steps, "never", recipe.sizes, freezing(recipe))
    total, known = 0, {}
    for step in range(steps):
        key = plan.size(step), tuple(plan.frozen(step))
        if key not in known:
            names = net.matching(key[1])
            shape = (3, key[0], key[0])
            known[key] = training_flops(net.parts, names, shape)
        total += known[key] * recipe.batch_size
    return float(total)


def accuracy(recipe, net, X, y, views="none"):
    """Measure a network at the size with which its training ended.

    Parameters
    ----------
    recipe : Recipe
    net : ConvNet
    X : Images or ndarray (N, 3, H, W), uint8
    y : ndarray (N,)
    views : str, default "none"
        See `utils.augment.predict_views`.

    Returns
    -------
    float
    """
    scores = predict_views(net.predict, X, views, size=recipe.sizes[-1][1])
    return float((scores.argmax(axis=1) == y).mean())
