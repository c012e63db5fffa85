"""Large float32 arrays of the lessons, handed to the engine room.

A rule in NumPy goes through memory once per operation, on one core.  Where weights are
millions a kernel does better, and each number is moved as `utils.optim.rules` says, up
to rounding.  Arrays that are small or float64, or whose order is another, stay with
NumPy; so does what is left over of a large one behind its last whole vector.
"""

import numpy as np

from utils import kernels

# From so many numbers on, calling a kernel takes less time than NumPy.
LARGE = 1 << 14


def move_by_adam(config, w, dw):
    """Take a step of Adam with all that the engine takes.

    Parameters
    ----------
    config : dict
        Complete, with memory; ``t`` is the number of this step.
    w, dw : ndarrays
        Weights, moved in place, and gradient.

    Returns
    -------
    w, dw, m, v : ndarrays
        What is left to NumPy: everything, or flat views of a few numbers or none.
    """
    arrays = w, dw, config["m"], config["v"]
    if not all(map(_is_for_engine, arrays)):
        return arrays
    flat = [array.reshape(-1) for array in arrays]
    whole = w.size // kernels.lanes.LANES * kernels.lanes.LANES
    names = "learning_rate", "beta1", "beta2", "epsilon"
    rule = kernels.updates.Adam(*(config[name] for name in names))
    kernels.updates.adam(rule, *(array[:whole] for array in flat), config["t"])
    return [array[whole:] for array in flat]


def total(array):
    """Add up an array: a number that is finite only if all of them are.

    Parameters
    ----------
    array : ndarray of numbers

    Returns
    -------
    float
        The sum, rounded; it may be infinite where finite numbers are very large.
    """
    if not _is_for_engine(array):
        return array.sum()
    return kernels.totals.total(array.reshape(-1))


def _is_for_engine(array):
    return (
        array.size >= LARGE
        and array.dtype == np.float32
        and array.flags.carray  # Numba would compile once more for read-only memory
        and kernels.compiles()
    )
