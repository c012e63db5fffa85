"""A stand-in for `utils.recipes`, and a worker that searches with it.

    python -m tests.sweep.standin COMMAND-LINE-OF-UTILS.SWEEP

The stand-in trains nothing: its accuracy follows from the recipe's rate.  With
the variable HANG=2, the second training of this process says so in a file and stops.
The variable NOTES names a folder for such files.
"""

import math
import os
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import NamedTuple


class Recipe(NamedTuple):
    """As long as needed."""

    rate: float = 0.1
    batch_size: int = 250
    epochs: float = 1.0
    seconds: float = 0.0


class Net(NamedTuple):
    """It knows how good it is."""

    accuracy: float


def value(recipe):
    """Give the accuracy that a recipe ends with, best at a rate of 0.1."""
    return 0.9 - 0.2 * abs(math.log10(recipe.rate / 0.1))


def make():
    """Make the module."""
    module = ModuleType("utils.recipes")
    module.RECIPES = {"tiny": Recipe()}
    module.calls = []

    def train(recipe, data, seed=0, threads=None, report=None):
        module.calls.append((recipe, data, seed, threads))
        note(f"begin {recipe.rate!r}")
        if os.environ.get("HANG") == str(len(module.calls)):
            note(f"hang {recipe.rate!r}")
            time.sleep(600)
        for step in range(5, 21, 5):
            time.sleep(recipe.seconds / 4)
            report(step, 20, Net(value(recipe) * step / 20))
        note(f"end {recipe.rate!r}")
        return result(Net(value(recipe)))

    def accuracy(recipe, net, X, y, views="none"):
        assert (len(X), views) == (len(y), "none")
        return net.accuracy

    module.train, module.accuracy = train, accuracy
    return module


def result(net, stopped=None):
    """Give what a training gives."""
    return SimpleNamespace(net=net, solver=SimpleNamespace(stopped=stopped))


def note(text):
    """Leave a file with a name of its own, whole at once."""
    folder = os.environ.get("NOTES")
    if folder:
        Path(folder, f"{text} {os.getpid()} {time.monotonic_ns()}").touch()


if __name__ == "__main__":
    from utils.sweep import cli

    sys.modules["utils.recipes"] = make()
    sys.exit(cli.main(sys.argv[1:]))
