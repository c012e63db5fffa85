import numpy as np
import pytest

from utils.checks.compare import Undecided, Wrong
from utils.checks.gradients import judge_slope


def smooth(x):
    return np.sin(x)


@pytest.fixture
def point(rng):
    return rng.standard_normal((3, 4)), rng.standard_normal((3, 4))


def test_a_right_gradient_of_a_smooth_function_passes(point):
    x, dout = point
    error, limit = judge_slope("dx", np.cos(x) * dout, smooth, x, dout, h=1e-3)
    assert error <= limit < 1e-9


def test_one_wrong_number_in_a_million_is_seen(point):
    x, dout = point
    wrong = np.cos(x) * dout
    wrong[1, 2] *= 1 + 1e-6
    with pytest.raises(Wrong, match="dx disagrees with the forward pass"):
        judge_slope("dx", wrong, smooth, x, dout, h=1e-3)


def test_whole_numbers_in_a_linear_function_are_exact(rng):
    A = rng.integers(-8, 9, (5, 4)).astype(float)
    x, dout = rng.integers(-8, 9, 4), rng.integers(-8, 9, 5)
    error, limit = judge_slope("dx", dout @ A, lambda x: A @ x, x, dout, h=1 / 4)
    assert error == 0 and limit < 1e-12


def test_a_rough_function_leaves_it_undecided(point):
    x, dout = point
    with pytest.raises(Undecided, match="too rough to judge dx"):
        judge_slope(
            "dx",
            np.cos(x) * dout,
            lambda x: np.sin(x).astype(np.float32),
            x,
            dout,
            h=1e-3,
            n=10**6,
        )


def test_nan_and_other_shapes_fail(point):
    x, dout = point
    for got in (np.full(x.shape, np.nan), np.zeros(3), None):
        with pytest.raises(Wrong):
            judge_slope("dx", got, smooth, x, dout, h=1e-3)
    with pytest.raises(Wrong):
        judge_slope("dx", 0 * x, smooth, x, dout, h=1e-3)
    assert judge_slope("dx", 0 * x, np.zeros_like, x, dout, h=1e-3) == (0, 0)
