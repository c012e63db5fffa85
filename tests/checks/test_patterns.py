import numpy as np
import pytest

from tests.checks.causes import explain
from utils.checks.patterns import patterns

RIGHT = np.random.default_rng(0).permutation(2 * 3 * 4 * 5).reshape(2, 3, 4, 5) - 60.0


def without(index, value=0.0):
    wrong = RIGHT.copy()
    wrong[index] = value
    return wrong


def shifted(axis, step):
    wrong = np.roll(RIGHT, step, axis)
    edge = [slice(None)] * 4
    edge[axis] = 0 if step > 0 else -1
    wrong[tuple(edge)] = 0
    return wrong


BORDER = np.ones((4, 5), bool)
BORDER[1:-1, 1:-1] = False


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (0 * RIGHT, "all of it is zero"),
        (RIGHT + np.nan, "all of it is nan"),
        (without((..., -1, slice(None))), "the last row is left out"),
        (without((..., 0)), "the first column is left out"),
        (np.broadcast_to(RIGHT[:1], RIGHT.shape), "every image got the values of"),
        (np.broadcast_to(RIGHT[:, -1:], RIGHT.shape), "values of the last channel"),
        (
            np.broadcast_to(RIGHT.sum(axis=1, keepdims=True), RIGHT.shape),
            "every channel got the sum over all channels",
        ),
        (RIGHT[..., ::-1], "reversed along the columns"),
        (RIGHT[:, ::-1], "reversed along the channels"),
        (RIGHT.transpose(0, 2, 3, 1).reshape(RIGHT.shape), "reshape does not move"),
        (RIGHT.reshape(2, 4, 5, 3).transpose(0, 3, 1, 2), "reshape does not move"),
        (shifted(-2, 1), "one row too far down"),
        (shifted(-1, -1), "one column too far to the left"),
        (np.roll(RIGHT, 1, -1), "one column too far to the right, around the edge"),
        (np.maximum(RIGHT, 0), "negative values have become zero"),
        (np.abs(RIGHT), "the signs are lost"),
        (RIGHT**2, "squared"),
        (-RIGHT, "only the sign is wrong"),
        (RIGHT / 8, "all of it is 0.125 times"),
        (RIGHT - 3, "all of it is 3 too small"),
        (
            RIGHT * np.array([3, 2, 5.0])[:, None, None],
            "each channel is off by a factor of its own",
        ),
        (
            RIGHT + np.array([1, 5.0])[:, None, None, None],
            "each image is off by a constant of its own",
        ),
        (without(1, 7.0), "all is right but the last image"),
        (without((slice(None), 1)), "all is right but channel 1, which is left zero"),
        (without((slice(None), slice(1, 3)), 3.0), "only the first channel is right"),
        (np.where(BORDER, 7.5, RIGHT), "all is right but the border of each image"),
        (np.where(RIGHT % 3, RIGHT, 0), "where it is wrong it is zero"),
    ],
)
def test_a_pattern_is_named(wrong, cause):
    assert cause in explain("out", wrong, RIGHT)


def test_lost_digits_are_told_from_whole_numbers():
    real = np.random.default_rng(1).standard_normal((3, 4))
    single = real.astype(np.float32).astype(np.float64)
    assert "float32 in between" in explain("out", single, real)
    assert "float32 in between" in explain("out", real + 1e-8 * real**2, real)
    assert explain("out", real + 1e-4, real) == "all of it is 0.0001 too large"
    assert explain("out", real + 1e-11 * real**2, real) == ""
    once = real.copy()
    once[1, 2] += 1e-7  # rounding would not stop at one value
    assert explain("out", once, real) == ""
    sparse = 9 * real * (real > 0)  # zeros are no fractions, and are right
    for values in (real, sparse):
        assert "hold the fractions" in explain("out", np.trunc(values), values)


def test_the_axes_are_called_what_they_are():
    wrong = np.broadcast_to(RIGHT[:1], RIGHT.shape)
    assert "every filter got" in explain("dw", wrong, RIGHT)
    assert "every image got" in explain("dx", wrong, RIGHT)


def test_a_few_values_make_no_pattern():
    """One wrong pixel is in one row, one channel and near a border by chance."""
    assert explain("db", np.array([1.0, 2, 4]), np.array([1.0, 2, 3])) == ""
    assert explain("out", without((1, 2, 0, 3), 7.0), RIGHT) == ""
    assert explain("dw", without((..., slice(2, 4), 1), 7.0), RIGHT) == ""
    small = RIGHT[:, :, :3, :3]
    assert explain("dx", np.where(small == small[..., 1:2, 1:2], small, 7), small) == ""


def test_nothing_is_made_up():
    rng = np.random.default_rng(2)
    for shape in ((2, 3, 4, 4), (3, 3), (4,), (2,), (1,), ()):
        got, expected = rng.standard_normal((2, *shape))
        assert explain("out", np.asarray(got), np.asarray(expected)) == ""


def test_numbers_that_float32_cannot_hold_are_no_trouble():
    assert explain("out", np.where(RIGHT == 3, 1e300, RIGHT), RIGHT) == ""


@pytest.mark.parametrize("shape", [(0,), (1,), (), (2, 0, 3, 3), (1, 1, 1, 1), (3, 2)])
def test_no_pattern_fails_on_an_odd_shape(shape):
    for got in (np.zeros(shape), np.full(shape, np.inf), np.ones(shape, np.int64)):
        for _, wrong in patterns("out", got, np.ones(shape)):
            wrong()
