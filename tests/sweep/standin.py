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


def value(recipe):
    """Give the accuracy that a recipe ends with, best at a rate of 0.1."""
    return 0.9 - 0.2 * abs(math.log10(recipe.rate / 0.1))


def make():
    """Make the module."""
    module = ModuleType("utils.recipes")
    module.RECIPES = {"tiny": Recipe()}
    module.calls = []

    def train(recipe, data, seed=0, threads=None, *, on_evaluate, **more):
        module.calls.append((recipe, data, seed, threads))
        solver = solver_of(num_updates=20)
        note(f"begin {recipe.rate!r}")
        if os.environ.get("HANG") == str(len(module.calls)):
            note(f"hang {recipe.rate!r}")
            time.sleep(600)
        for solver.step in range(5, 21, 5):
            time.sleep(recipe.seconds / 4)
            solver.val_acc_history.append(value(recipe) * solver.step / 20)
            on_evaluate(solver)
        note(f"end {recipe.rate!r}")
        return SimpleNamespace(solver=solver)

    def held_back(data, count):
        X, y = data["X_train"], data["y_train"]
        X = X.raw(slice(None)) if hasattr(X, "raw") else X
        train = {"X_train": X[:-count], "y_train": y[:-count]}
        return train | {"X_val": X[-count:], "y_val": y[-count:]}

    def check(recipe):
        for field in ("batch_size", "epochs"):
            value = getattr(recipe, field)
            if not isinstance(value, int | float) or value <= 0:
                raise ValueError(f"{field} is {value!r}, expected a number above 0")

    module.train, module.held_back, module.check = train, held_back, check
    return module


def solver_of(num_updates, accuracies=(), stopped=None):
    """Make what an objective sees of a solver."""
    return SimpleNamespace(
        step=0,
        num_updates=num_updates,
        val_acc_history=[*accuracies],
        stopped=stopped,
    )


def note(text):
    """Leave a file with a name of its own, whole at once."""
    folder = os.environ.get("NOTES")
    if folder:
        Path(folder, f"{text} {os.getpid()} {time.monotonic_ns()}").touch()


if __name__ == "__main__":
    from utils.sweep import cli

    sys.modules["utils.recipes"] = make()
    sys.exit(cli.main(sys.argv[1:]))
