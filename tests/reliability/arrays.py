"""Arrays as they come: any dtype, memory order, byte order, read-only; for hypothesis.

Values are small whole numbers, so that sums of their products are exact in float16
already, in whatever order they are added up.
"""

import os

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

FLOATS = np.float16, np.float32, np.float64
INTEGERS = np.uint8, np.int8, np.int64
EXAMPLES = int(os.environ.get("UTILS_TEST_EXAMPLES", "25"))

# One profile for all files here: UTILS_TEST_EXAMPLES=2000 looks longer.
examples = settings(max_examples=EXAMPLES)


def every_second(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


def reversed_axes(array):
    return np.flip(np.flip(array).copy())


def transposed(array):
    return array.T.copy().T


def channels_last(array):
    return np.moveaxis(np.moveaxis(array, 1, -1).copy(), -1, 1)


def repeated(array):
    """Give one row for all, as `np.broadcast_to` does: a stride of 0."""
    return np.broadcast_to(array[:1], array.shape) if len(array) else array


ORDERS = {
    "C": np.ascontiguousarray,
    "F": np.asfortranarray,
    "every second": every_second,
    "reversed": reversed_axes,
    "transposed": transposed,
    "channels last": channels_last,
    "repeated": repeated,
}


@st.composite
def whole(draw, shape, dtypes=FLOATS, most=3, orders=tuple(ORDERS), specials=()):
    """Draw an array of whole numbers from -most to most, some of them special.

    Unsigned types get the absolute values.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype = np.dtype(draw(st.sampled_from(dtypes)))
    values = rng.integers(-most, most + 1, shape)
    if draw(st.booleans()):
        dtype = dtype.newbyteorder()
    array = (abs(values) if dtype.kind == "u" else values).astype(dtype)
    if specials and array.size and dtype.kind == "f":
        for value in draw(st.lists(st.sampled_from(specials), max_size=3)):
            array.flat[rng.integers(array.size)] = value
    order = draw(st.sampled_from(orders))
    if array.ndim and (order != "channels last" or array.ndim > 2):
        array = ORDERS[order](array)
    array = np.asarray(array)  # numpy turns some arrays without axes into numbers
    if draw(st.booleans()):
        array.flags.writeable = False
    return array


def same_numbers(got, expected, rtol=0.0):
    """Compare shapes, where numbers are not finite, and values."""
    got, expected = np.asarray(got), np.asarray(expected)
    assert got.shape == expected.shape
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    np.testing.assert_allclose(
        got.astype(float), expected.astype(float), rtol=0, atol=rtol * float(largest)
    )


class Unchanged:
    """While it is entered, arrays must not change.

    Parameters
    ----------
    *arrays : ndarray
        The memory that they are views of counts as well, and what lies around them.
    """

    def __init__(self, *arrays):
        self.arrays = [_owner(array) for array in arrays] + list(arrays)

    def __enter__(self):
        self.before = [array.tobytes() for array in self.arrays]

    def __exit__(self, kind, *_):
        if kind is None:
            now = [array.tobytes() for array in self.arrays]
            assert now == self.before, "an input was changed"


def _owner(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def exact(array):
    """Give an array in float64, in C order."""
    return np.array(array, float, order="C")


def is_sentence(error):
    """Tell whether an error is a sentence that names what is wrong."""
    text = str(error)
    return len(text.split()) > 4 and text.endswith(".")
