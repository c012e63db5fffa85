"""Memory that is written to files and read back."""

import numpy as np


def restore(arrays, state, owner):
    """Copy saved arrays into those that are in use, all of them or none.

    Parameters
    ----------
    arrays : dict of str to ndarray
        In use; changed in place.
    state : mapping of str to ndarray
        What was saved.
    owner : str
        Whose memory it is, for messages: "the optimizer".

    Raises
    ------
    ValueError
        If names, shapes or dtypes differ.
    """
    missing, unknown = arrays.keys() - state.keys(), state.keys() - arrays.keys()
    for names, what in ((missing, "lacks"), (unknown, "has unknown")):
        if names:
            raise ValueError(
                f"This state of {owner} {what} {', '.join(sorted(names))}: it was "
                f"saved for other parameters or methods."
            )
    saved = {name: np.asarray(state[name]) for name in arrays}
    for name, array in arrays.items():
        new = saved[name]
        if (new.shape, new.dtype) != (array.shape, array.dtype):
            raise ValueError(
                f"This state of {owner} has {name} as {new.dtype} of shape "
                f"{new.shape}, expected {array.dtype} of shape {array.shape}."
            )
    for name, array in arrays.items():
        array[...] = saved[name]
