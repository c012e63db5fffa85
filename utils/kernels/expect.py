"""What kernels expect of their arrays, said before it is too late.

A kernel computes addresses itself.  Where an array is shorter than it believes, or of
another type, it does not raise an error: it writes over the memory of somebody else.
It does not know either that NumPy has marked an array as read-only.  So the functions
that call kernels ask here first; each question costs about half a microsecond.

All of these take arrays, or numbers, by the names that the caller's caller knows them
by, and raise ValueError with a sentence that says the name, the value, and what was
expected.
"""

import numpy as np

from utils.kernels.simd import LANES

FLOAT, BYTE = np.dtype(np.float32), np.dtype(np.uint8)


def _ordered(dtype, arrays):
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise ValueError(f"{name} is {array!r:.50}, expected an array of {dtype}.")
        if array.dtype != dtype or not array.flags.c_contiguous:
            order = "in C order" if array.flags.c_contiguous else "not in C order"
            raise ValueError(
                f"{name} is {array.dtype} {order}, expected {dtype} in C order."
            )


def numbers(**arrays):
    """Raise ValueError unless all arrays are float32 in C order."""
    _ordered(FLOAT, arrays)


def places(**arrays):
    """Raise ValueError unless all arrays are uint8 in C order: places in a window."""
    _ordered(BYTE, arrays)


def maps(**arrays):
    """Raise an error unless all arrays are whole vectors of float32 in C order.

    Parameters
    ----------
    **arrays : ndarray
        Arrays (..., C), named as the caller's caller knows them.

    Raises
    ------
    ValueError
        If one has another type or order, or a C that is no multiple of `simd.LANES`.
    """
    _ordered(FLOAT, arrays)
    for name, array in arrays.items():
        if not array.ndim or array.shape[-1] % LANES:
            raise ValueError(
                f"{name} has shape {array.shape}, expected whole vectors of {LANES} "
                f"channels last (see simd.padded)."
            )


def axes(count, **arrays):
    """Raise ValueError unless all arrays have so many axes."""
    for name, array in arrays.items():
        if array.ndim != count:
            raise ValueError(f"{name} has shape {array.shape}, expected {count} axes.")


def same_shape(shape, **arrays):
    """Raise ValueError unless all arrays have this shape."""
    for name, array in arrays.items():
        if array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}, expected {shape}.")


def written(**arrays):
    """Raise ValueError unless all arrays may be written to."""
    for name, array in arrays.items():
        if not array.flags.writeable:
            raise ValueError(
                f"{name} is read-only, expected an array that may be overwritten."
            )


def at_least(low, **values):
    """Raise ValueError unless all values are whole numbers, and not below `low`."""
    for name, value in values.items():
        if not isinstance(value, int | np.integer) or value < low:
            raise ValueError(
                f"{name} is {value!r}, expected a whole number from {low} on."
            )
