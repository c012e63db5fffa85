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
    ],
    ids=["float64", "width", "reversed", "transposed", "byte order"],
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
