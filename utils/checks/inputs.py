"""What goes into a layer: whole numbers, and the same in other orders and dtypes."""

import numpy as np


def whole_numbers(shape, seed=0, low=-8, high=8):
    """Return a float64 array of random whole numbers, both ends included."""
    rng = np.random.default_rng(seed)
    return rng.integers(low, high, size=shape, endpoint=True).astype(np.float64)


def make_dout(shape):
    """Return an incoming gradient of whole numbers without zeros."""
    size = whole_numbers(shape, seed=1, low=1)
    return size * np.where(whole_numbers(shape, seed=2) < 0, -1, 1)


def fractions(shape, digits, seed=0):
    """Return random numbers up to 8 in size, with up to that many binary digits."""
    top = 2**digits
    return whole_numbers(shape, seed, low=-top, high=top) * 2.0 ** (3 - digits)


def back_to_front(arguments):
    """Give arrays other values of the same shape: their own, in reverse order."""
    return {
        name: np.flip(value).copy() if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }


def as_views(arguments):
    """Give arrays the same values in another memory order, with negative strides."""
    return {
        name: np.flip(np.asfortranarray(np.flip(value)))
        if isinstance(value, np.ndarray)
        else value
        for name, value in arguments.items()
    }


def as_dtype(arguments, dtype):
    """Convert all arrays, those in parameter dictionaries too."""
    return {name: _converted(value, dtype) for name, value in arguments.items()}


def _converted(value, dtype):
    if isinstance(value, dict):
        return as_dtype(value, dtype)
    return value.astype(dtype) if isinstance(value, np.ndarray) else value
