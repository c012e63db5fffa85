"""Where the milliseconds of a training step go, layer by layer.

A network has one node per stage: a convolution and what follows it, up to the next one.
The convolution inside a stage does the work of its neighbours where it can, so the time
of "convolutions" contains what is fused into them; "between convolutions" is what
passes over memory by itself.
"""

import time

import numpy as np

from utils import network
from utils.augment import Augment
from utils.network.parts import every
from utils.network.summary import flops
from utils.recipes import layers, make_optimizer

PASSES = {
    "forward": "forward",
    "backward_weights": "gradient of w",
    "backward_data": "gradient of x",
}


class Stopwatch:
    """The first half of a stage, with a clock in front.

    Parameters
    ----------
    inner : object
        One of the classes of `utils.network.linear`.
    name : str
        Of the stage.
    seconds : dict
        (name, pass) -> list of seconds; is added to.
    """

    def __init__(self, inner, name, seconds):
        self._inner, self._name, self._seconds = inner, name, seconds

    def __getattr__(self, name):
        """Give what is inside; the three passes with the clock around them."""
        found = getattr(self._inner, name)
        if name not in PASSES:
            return found
        return timed(found, self._seconds.setdefault((self._name, PASSES[name]), []))


def timed(function, seconds):
    """Give a function that appends its running time to a list."""

    def call(*args, **more):
        begin = time.perf_counter()
        result = function(*args, **more)
        seconds.append(time.perf_counter() - begin)
        return result

    return call


def measure_step(recipe, data, size=32, repeats=7):
    """Measure training steps of a recipe's network.

    Parameters
    ----------
    recipe : Recipe
        Network, batch size and optimiser.
    data : dict
        ``X_train``, ``y_train``.
    size : int, default 32
        Of the images.
    repeats : int, default 7
        Steps that are measured; each time is the median.

    Returns
    -------
    layers : list of dict
        For each convolution: ``name``, ``pass`` ("forward", "gradient of w",
        "gradient of x"), ``seconds`` and ``gflops``, billions of operations per second
        as the plain algorithm counts them.
    parts : dict
        What a step consists of -> seconds.
    """
    net = network.ConvNet(layers(recipe), (3, size, size), seed=0)
    augment, optimizer = Augment(2), make_optimizer(recipe)
    optimizer.bind(net.params, {name: net.filters(name) for name in net.params})
    N = min(recipe.batch_size, len(data["y_train"]))
    index = np.arange(N)
    y = data["y_train"][index]
    clocks = {"batch": [], "net": [], "optimizer": []}
    make = timed(augment.batch, clocks["batch"])
    learn, move = (
        timed(net.loss, clocks["net"]),
        timed(optimizer.step, clocks["optimizer"]),
    )
    seconds = {}
    for step in range(repeats + 2):  # the first one compiles, the second one warms up
        if step == 1:
            watch(net, seconds)
        X = make(data["X_train"], index, step, size)
        _, grads = learn(X, y)
        move(net.params, grads, 0.0)
    middle = {key: float(np.median(times[-repeats:])) for key, times in seconds.items()}
    return rows(net, middle, N), parts(middle, clocks, repeats)


def watch(net, seconds):
    """Put clocks into all stages of a network's engine."""
    # Nothing but this needs to look inside an engine, so there is no public way in.
    for node in net._engine.chain.nodes:
        name = getattr(node, "name", type(node).__name__)
        for way in ("forward", "backward"):
            key = name, f"all of {way}"
            setattr(node, way, timed(getattr(node, way), seconds.setdefault(key, [])))
        if hasattr(node, "_linear"):
            node._linear = Stopwatch(node._linear, name, seconds)


def rows(net, middle, N):
    """Give one row per convolution and pass."""
    count = {part.name: flops(part) * N for part in every(net.parts)}
    return [
        {
            "name": name,
            "pass": way,
            "seconds": spent,
            "gflops": count[name] / spent / 1e9,
        }
        for (name, way), spent in middle.items()
        if way in PASSES.values() and name.startswith(("conv", "whiten"))
    ]


def parts(middle, clocks, repeats):
    """Give the seconds of each part of a step."""
    batch, net, optimizer = (float(np.median(c[-repeats:])) for c in clocks.values())
    sums = dict.fromkeys(PASSES.values(), 0.0)
    for (_, way), spent in middle.items():
        if way in sums:
            sums[way] += spent
    total = sum(spent for (_, way), spent in middle.items() if way.startswith("all"))
    return {
        "making the batch": batch,
        **{f"convolutions, {way}": spent for way, spent in sums.items()},
        "between convolutions": max(total - sum(sums.values()), 0.0),
        "scores, loss, calls": max(net - total, 0.0),
        "optimizer": optimizer,
    }
