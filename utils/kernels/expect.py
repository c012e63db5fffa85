"""What kernels expect of their arrays, said before it is too late.

A kernel computes addresses itself.  Where an array is shorter than it believes, or of
another type, it does not raise an error: it writes over the memory of somebody else.
So the functions that call kernels ask here first; it costs half a microsecond.
"""

import numpy as np

from utils.kernels.simd import LANES


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
    for name, array in arrays.items():
        if array.dtype != np.float32 or not array.flags.c_contiguous:
            raise ValueError(
                f"{name} is {array.dtype}, C order {array.flags.c_contiguous}, "
                f"expected float32 in C order."
            )
        if array.shape[-1] % LANES:
            raise ValueError(
                f"{name} has shape {array.shape}, expected whole vectors of {LANES} "
                f"channels last (see simd.padded)."
            )


def same_shape(shape, **arrays):
    """Raise ValueError unless all arrays have this shape."""
    for name, array in arrays.items():
        if array.shape != shape:
            raise ValueError(f"{name} has shape {array.shape}, expected {shape}.")
