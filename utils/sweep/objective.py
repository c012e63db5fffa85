"""Our recipes as objectives: train with other numbers, measure on images held back."""

import math

import numpy as np

from utils.sweep.library import SweepError

HELD_BACK = 5000


def recipe_objective(name, data, *, seed=0, threads=None, **fixed):
    """Make the objective that trains a recipe with the parameters of a trial.

    It trains on all training images but the last 5,000, and the accuracy is that on
    these 5,000, without test-time views.  The test images are never looked at: they
    are left out of what the recipe gets to see.  It is the solver of the training that
    measures, at the size of the last images.

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
        For `Study.run`; it reports per cent of the steps.  Its attribute ``about`` is
        a dict of recipe, seed, images and all fields of the recipe; ``check(space)``
        raises a SweepError where a space has a value that cannot be trained with.

    Raises
    ------
    SweepError
        If there is no such recipe or field, or a field cannot have that value.
    """
    from utils import recipes  # heavy, and needed by this objective only

    recipe, part = with_fields(name, fixed), hold_back(data)

    def objective(trial):
        chosen = replaced(recipe, trial.params)

        def tell(solver):
            if solver.step < solver.num_updates:  # the end is no step to be judged at
                done = 100 * solver.step // solver.num_updates
                trial.report(done, solver.val_acc_history[-1])

        steps = chosen.epochs * len(part["y_train"]) / chosen.batch_size
        result = recipes.train(
            chosen,
            part,
            seed=seed,
            threads=threads,
            evaluate=math.ceil(steps / 10),  # at 10 %, or soon after it
            on_evaluate=tell,
            num_train_samples=1,  # nobody looks at the accuracy on training images
        )
        # A solver ends early without an exception: at Ctrl-C, which is to end the
        # sweep, or where numbers are not finite, which makes the parameters bad.
        stopped = result.solver.stopped
        if stopped and "interrupted" in stopped:
            raise KeyboardInterrupt
        if stopped:
            raise ArithmeticError(stopped)
        return result.solver.val_acc_history[-1]  # measured after the last update

    about = {"recipe": name, "seed": seed, "images": len(data["y_train"])}
    about["synthetic"] = bool(data.get("synthetic"))
    objective.about = about | recipe._asdict()
    objective.check = lambda space: check_space(recipe, space, len(part["y_train"]))
    return objective


def with_fields(name, values):
    """Give a recipe by its name, with other values; see `replaced`."""
    from utils import recipes

    problem = unknown(name)
    if problem:
        raise SweepError(problem)
    return replaced(recipes.RECIPES[name], values)


def unknown(name):
    """Say that there is no such recipe; nothing if there is."""
    from utils import recipes

    if name in recipes.RECIPES:
        return ""
    return f"there is no recipe {name!r}; there are {', '.join(recipes.RECIPES)}"


def check_space(recipe, space, images=None):
    """Try the ends of all ranges, and each value of a choice.

    Parameters
    ----------
    recipe : NamedTuple
    space : dict
        Field -> range.
    images : int, optional
        How many there are to train on.

    Raises
    ------
    SweepError
        If the recipe has no such field, or a value is none for it.
    """
    for field, found in space.items():
        for value in found.ends:
            try:
                replaced(recipe, {field: value})
                if field == "batch_size" and images is not None and value > images:
                    raise SweepError(
                        f"batch_size is {value}, expected at most {images}, as many "
                        "as there are images to train on"
                    )
            except SweepError as error:
                raise SweepError(f"{field}={found!r}: {error}") from None


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
        If it has no such field, or a field cannot have that value.
    """
    from utils import recipes

    strange = [field for field in values if field not in recipe._fields]
    if strange:
        raise SweepError(
            f"a recipe has no field {', '.join(strange)}; it has "
            f"{', '.join(recipe._fields)}"
        )
    found = recipe._replace(**values)
    try:
        recipes.check(found)
    except ValueError as error:
        raise SweepError(str(error)) from None
    return found


def hold_back(data):
    """Split the training images; leave everything else out.

    Parameters
    ----------
    data : dict
        With ``X_train`` and ``y_train``.

    Returns
    -------
    dict
        ``X_train``, ``y_train``, ``X_val``, ``y_val``.
    """
    from utils import recipes

    y = np.asarray(data["y_train"])
    count = min(HELD_BACK, len(y) // 5)
    if count < 1:
        raise SweepError(f"{len(y)} training images are too few to hold some back")
    return recipes.held_back({"X_train": data["X_train"], "y_train": y}, count)
