import numpy as np
import pytest

from utils.kernels import expect
from utils.kernels.simd import LANES


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((2, LANES)),
        np.zeros((2, LANES + 1), np.float32),
        np.zeros((LANES, LANES), np.float32)[:, ::-1],
        np.zeros((2 * LANES, LANES), np.float32).T,
        np.zeros((2, LANES), ">f4"),
        np.zeros((), np.float32),
        [0.0] * LANES,
        None,
    ],
    ids=["float64", "width", "reversed", "transposed", "byte order"]
    + ["no axes", "list", "nothing"],
)
def test_what_is_refused(bad):
    good = np.zeros((3, LANES), np.float32)
    expect.maps(x=good, out=good)
    with pytest.raises(ValueError, match="out .*expected"):
        expect.maps(x=good, out=bad)


def test_shapes():
    good = np.zeros((3, LANES), np.float32)
    expect.same_shape((3, LANES), x=good)
    with pytest.raises(ValueError, match=r"x has shape \(3, \d+\), expected \(4,"):
        expect.same_shape((4, LANES), x=good)


def test_axes():
    expect.axes(2, x=np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"x has shape \(3,\), expected 2 axes"):
        expect.axes(2, x=np.zeros(3))


def test_places():
    expect.places(index=np.zeros(3, np.uint8))
    for bad in (np.zeros(3, np.int8), np.zeros(6, np.uint8)[::2], np.zeros(3)):
        with pytest.raises(ValueError, match="index is .*expected uint8 in C order"):
            expect.places(index=bad)


def test_numbers_may_have_any_width():
    expect.numbers(x=np.zeros((3, LANES + 1), np.float32))
    with pytest.raises(ValueError, match="x is float64 in C order, expected float32"):
        expect.numbers(x=np.zeros(3))


def test_read_only():
    x = np.zeros(3)
    expect.written(x=x)
    x.flags.writeable = False
    with pytest.raises(ValueError, match="x is read-only, expected"):
        expect.written(x=x)


@pytest.mark.parametrize("bad", [0, -3, 1.0, "1", None, np.int64(0)])
def test_whole_numbers(bad):
    expect.at_least(1, stride=1, pad=np.int64(2))
    with pytest.raises(ValueError, match="stride is .*expected a whole number from 1"):
        expect.at_least(1, stride=bad)
