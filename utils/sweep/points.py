"""Points of a space that can be counted: no two trials train the same one.

Optuna's sampler knows nothing of this, and a training with the same numbers and the
same seed gives the same accuracy.  So where all ranges are choices or whole numbers, a
point that a trial has already is drawn again; and when each has been tried, the study
is finished.
"""

import itertools
import math

from utils.sweep import crew
from utils.sweep.library import fixed

DRAWS = 20  # before the first one that is free is taken
NONE_LEFT = "no point is left"


def count(space):
    """Count the points of a space; infinity if it has real numbers.

    Parameters
    ----------
    space : dict
        Name -> range.

    Returns
    -------
    int or float
    """
    return math.prod(found.count for found in space.values())


def taken(trials, space):
    """Give the points that trials have, as `key` writes them.

    A trial that failed for a reason of its own has none: its program may be mended.
    """
    return {
        key(trial.params)
        for trial in trials
        if set(trial.params) == set(space)
        and not (crew.state_of(trial) == "fail" and crew.WHY in trial.user_attrs)
    }


def key(stored):
    """Write a point, name -> what Optuna stores, so that True is not 1."""
    return tuple(sorted((name, repr(value)) for name, value in stored.items()))


def place(study, trial, space):
    """Choose the point of a trial and store it.

    Parameters
    ----------
    study : optuna.Study
        With the sampler of this trial.
    trial : optuna.Trial
        Its point is chosen already if it is a copy of a lost one.
    space : dict
        Name -> range.

    Returns
    -------
    bool
        Whether it has a point for itself.
    """
    own = bool(trial.params) or math.isinf(count(space))
    if not own:
        trials = study.get_trials(deepcopy=False)
        point = free(study, trials[trial.number], space, trials)
        if point is None:
            return False
        study.sampler = fixed(point, study.sampler)
    for name, found in space.items():
        found.suggest(trial, name)
    if own:
        return True
    # Two workers may have drawn the same at the same moment; then both draw again.
    trials = study.get_trials(deepcopy=False)
    others = [other for other in trials if other.number != trial.number]
    return key(trial.params) not in taken(others, space)


def free(study, trial, space, trials):
    """Draw a point that no trial has.

    Parameters
    ----------
    study : optuna.Study
        With the sampler of this trial.
    trial : FrozenTrial
    space : dict
        Name -> range; can be counted.
    trials : list of FrozenTrial
        All of the study.

    Returns
    -------
    dict or None
        Name -> what Optuna stores; None if there is no such point.
    """
    known = taken(trials, space)
    if len(known) >= count(space):
        return None
    draw = study.sampler.sample_independent
    for _ in range(DRAWS):
        point = {
            name: draw(study, trial, name, found.distribution())
            for name, found in space.items()
        }
        if key(point) not in known:
            return point
    every = itertools.product(*[found.stored for found in space.values()])
    points = (dict(zip(space, values, strict=True)) for values in every)
    return next(point for point in points if key(point) not in known)
