"""Our recipes as objectives: train with other numbers, measure on images held back."""

import numpy as np

from utils.sweep.library import SweepError

HELD_BACK = 5000


def recipe_objective(name, data, *, seed=0, threads=None, **fixed):
    """Make the objective that trains a recipe with the parameters of a trial.

    It trains on all training images but the last 5,000, and the accuracy is that on
    these 5,000, without test-time views.  The test images are never looked at: they
    are left out of what the recipe gets to see.

    Parameters
    ----------
    name : str
        Of a recipe in `utils.recipes.RECIPES`.
    data : dict
        As `utils.cifar10.load_cifar10` gives it; ``X_train`` and ``y_train`` are read.
        With fewer than 25,000 images a fifth of them is held back.
    seed : int, default 0
        Of each training: the same, so that only the parameters differ.
    threads : int, optional
        As for `utils.recipes.train`.
    **fixed
        Fields of the recipe that get another value in all trials.

    Returns
    -------
    callable
        For `Study.run`; it reports per cent of the steps.

    Raises
    ------
    SweepError
        If there is no such recipe or field.
    """
    from utils import recipes  # heavy, and needed by this objective only

    if name not in recipes.RECIPES:
        known = ", ".join(recipes.RECIPES)
        raise SweepError(f"there is no recipe {name!r}; there are {known}")
    recipe = replaced(recipes.RECIPES[name], fixed)
    part = hold_back(data)

    def objective(trial):
        chosen = replaced(recipe, trial.params)
        told = {100}  # the end is no step to be judged at; others are judged once

        def measure(net):
            return recipes.accuracy(chosen, net, part["X_val"], part["y_val"])

        def report(step, steps, net):
            done = 100 * step // steps
            if done not in told:
                told.add(done)
                trial.report(done, measure(net))

        more = {"seed": seed, "threads": threads, "report": report}
        result = recipes.train(chosen, part, **more)
        # A solver ends early without an exception: at Ctrl-C, which is to end the
        # sweep, or where numbers are not finite, which makes the parameters bad.
        stopped = result.solver.stopped
        if stopped and "interrupted" in stopped:
            raise KeyboardInterrupt
        if stopped:
            raise ArithmeticError(stopped)
        return measure(result.net)

    return objective


def replaced(recipe, values):
    """Give a recipe with other values.

    Parameters
    ----------
    recipe : NamedTuple
    values : dict
        Field -> value.

    Raises
    ------
    SweepError
        If it has no such field.
    """
    unknown = [field for field in values if field not in recipe._fields]
    if unknown:
        raise SweepError(
            f"a recipe has no field {', '.join(unknown)}; it has "
            f"{', '.join(recipe._fields)}"
        )
    return recipe._replace(**values)


def hold_back(data):
    """Split the training images; drop the test images.

    Parameters
    ----------
    data : dict
        With ``X_train`` and ``y_train``.

    Returns
    -------
    dict
        ``X_train``, ``y_train``, ``X_val``, ``y_val``; in place of ``X_test`` and
        ``y_test`` the validation images again, for recipes that measure at the end;
        and all other entries.
    """
    X, y = data["X_train"], np.asarray(data["y_train"])
    pixels = X.raw(slice(None)) if hasattr(X, "raw") else X
    cut = len(y) - min(HELD_BACK, len(y) // 5)
    if not 0 < cut < len(y):
        raise SweepError(f"{len(y)} training images are too few to hold some back")
    val = {"X_val": pixels[cut:], "y_val": y[cut:]}
    test = {"X_test": pixels[cut:], "y_test": y[cut:]}
    return {**data, "X_train": pixels[:cut], "y_train": y[:cut], **val, **test}
