"""The parts of a convolution, and their wrong readings, on numbers worked by hand."""

import numpy as np
import pytest

from utils.checks import conv_readings as readings
from utils.checks import oracle
from utils.checks.inputs import whole_numbers

STEPS = (2, 1, 1)  # down by 2, right by 1, no gaps inside the window


def test_windows_are_those_of_the_oracle():
    x = whole_numbers((2, 3, 7, 5))
    got = readings.take(x, (2, 2, 1), (3, 2), (3, 2))
    np.testing.assert_array_equal(got, oracle.windows(x, 3, 2, 2))


def test_down_and_right_are_steps_of_their_own():
    x = np.arange(12.0).reshape(1, 1, 4, 3)
    got = readings.take(x, STEPS, (2, 2), (1, 2))
    np.testing.assert_array_equal(got[0, 0, :, :, 0, 0], [[0, 1], [6, 7]])


def test_a_window_may_have_gaps():
    x = np.arange(25.0).reshape(1, 1, 5, 5)
    got = readings.take(x, (1, 1, 2), (1, 1), (3, 2))
    np.testing.assert_array_equal(got[0, 0, 0, 0], [[0, 2], [10, 12], [20, 22]])


@pytest.mark.parametrize("shape", [(1, 1, 2, 9), (1, 1, 9, 2)])
def test_windows_that_stick_out_are_none(shape):
    assert readings.take(np.zeros(shape), (1, 1, 1), (2, 2), (2, 2)) is None
    spread = np.zeros((1, 1, 2, 2, 2, 2))
    assert readings.add(spread, shape, (1, 1, 1)) is None
    assert readings.assign(spread, shape, (1, 1, 1), (0, 1, 2, 3)) is None


def test_the_same_windows_are_taken_once():
    calls = []

    def padding(x):
        calls.append(x)
        return x

    windows_of = readings.remembered((1, 1), (2, 2))
    x = np.arange(4.0).reshape(1, 1, 2, 2)
    first = windows_of(x, padding, (1, 1, 1))
    assert windows_of(x, padding, (1, 1, 1)) is first and len(calls) == 1
    windows_of(x + 1, padding, (1, 1, 1))
    assert len(calls) == 2


# Two windows of three pixels, a step of two: one pixel is shared.
SPREAD = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(1, 1, 1, 2, 1, 3)


@pytest.mark.parametrize(
    ("collect", "expected"),
    [
        (readings.of_collecting()[0][1], [1, 2, 4, 5, 6]),  # the later window stays
        (readings.of_collecting()[1][1], [1, 2, 3, 5, 6]),  # the later pixel stays
        (readings.add, [1, 2, 7, 5, 6]),
    ],
)
def test_shared_pixels(collect, expected):
    got = collect(SPREAD, (1, 1, 1, 5), (2, 2, 1))
    np.testing.assert_array_equal(got.ravel(), expected)


def test_numpy_keeps_the_last_of_repeated_indices_as_a_student_would_see_it():
    spread = whole_numbers((1, 2, 3, 3, 2, 2))
    p, q = np.indices((2, 2)).reshape(2, -1, 1, 1)
    i, j = np.indices((3, 3))
    dx = np.zeros((1, 2, 4, 4))
    dx[:, :, p + i, q + j] += spread.transpose(0, 1, 4, 5, 2, 3).reshape(1, 2, 4, 3, 3)
    wrong = readings.of_collecting()[1][1](spread, dx.shape, (1, 1, 1))
    np.testing.assert_array_equal(wrong, dx)


def test_filters_in_another_order_meet_the_wrong_pixels():
    w, window = whole_numbers((2, 3, 2, 4)), whole_numbers((3, 2, 4), seed=1)
    for order in readings.ORDERS:
        mixed = w.reshape(2, -1) @ window.transpose(order).ravel()
        as_one = (readings.reordered(w, order) * window).sum(axis=(1, 2, 3))
        np.testing.assert_array_equal(mixed, as_one)


@pytest.mark.parametrize("mode", ["edge", "symmetric", "reflect"])
def test_padding_modes(mode):
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    got = readings.padded(x, 2, mode)
    np.testing.assert_array_equal(got[0, 0], np.pad(x[0, 0], 2, mode))


def test_nothing_is_mirrored_where_the_image_is_too_small():
    x = np.ones((1, 1, 2, 2))
    assert readings.padded(x, 2, "reflect") is x


def test_what_makes_no_difference_is_no_reading():
    assert readings.of_steps(1) == []
    assert [text for text, _ in readings.of_padding(0)] == [
        "the padding is 1 and not pad"
    ]


def test_the_matrix_product_as_a_filter():
    w, window = whole_numbers((2, 3, 2, 2)), whole_numbers((3, 2, 2), seed=1)
    text = next(text for text, _ in readings.of_w(w) if "matrix product" in text)
    got = (dict(readings.of_w(w))[text] * window).sum(axis=(1, 2, 3))
    np.testing.assert_array_equal(got, [(window @ w[f]).sum() for f in range(2)])
