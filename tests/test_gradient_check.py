import math

import numpy as np
import pytest

from utils.gradient_check import (
    directional_derivative,
    numerical_gradient,
    numerical_gradient_array,
    relative_error,
)


def test_gradient_of_a_sum_of_squares_by_hand():
    # d/dx (x1^2 + 3 x2) = (2 x1, 3) at (5, 7)
    gradient = numerical_gradient(lambda x: x[0] ** 2 + 3 * x[1], np.array([5.0, 7.0]))
    np.testing.assert_allclose(gradient, [10, 3], rtol=1e-9)


def test_array_gradient_is_the_transposed_jacobian_times_dout():
    rng = np.random.default_rng(0)
    matrix, x, dout = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=4)
    gradient = numerical_gradient_array(lambda x: matrix @ x, x, dout)
    np.testing.assert_allclose(gradient, matrix.T @ dout, rtol=1e-8)


def test_the_error_falls_with_the_square_of_the_step():
    x = np.array([1.0])
    errors = [
        abs(numerical_gradient(lambda x: np.exp(x[0]), x, h)[0] - math.e)
        for h in (1e-1, 1e-2)
    ]
    assert 95 < errors[0] / errors[1] < 105  # a one-sided difference gives about 10


@pytest.mark.parametrize(
    "x",
    [
        np.array(3.0),
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(12.0)[::-2],
        np.broadcast_to(np.arange(3.0), (2, 3)),
        np.zeros((0, 3)),
        np.arange(3),
        np.arange(3, dtype=np.float32),
    ],
    ids=lambda x: f"{x.dtype}-{x.shape}-{x.strides}",
)
def test_any_shape_order_and_dtype(x):
    before = x.copy()
    gradient = numerical_gradient(lambda x: (x**3).sum(), x)
    assert gradient.dtype == np.float64 and gradient.shape == x.shape
    np.testing.assert_allclose(gradient, 3.0 * x**2, atol=1e-8)
    np.testing.assert_array_equal(x, before)


def test_read_only_input_is_fine():
    x = np.arange(3.0)
    x.flags.writeable = False
    np.testing.assert_allclose(numerical_gradient(np.sum, x), np.ones(3))


def test_f_may_return_or_overwrite_its_argument():
    x, dout = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    identity = numerical_gradient_array(lambda x: x, x, dout)
    np.testing.assert_allclose(identity, dout, rtol=1e-9)

    def overwrite(x):
        x *= 2
        return x

    doubled = numerical_gradient_array(overwrite, x, dout)
    np.testing.assert_allclose(doubled, 2 * dout, rtol=1e-9)
    np.testing.assert_array_equal(x, [1, 2])


def test_f_may_write_every_output_into_the_same_array():
    x, dout = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    out, number = np.empty(2), np.empty(())

    squares = numerical_gradient_array(lambda x: np.multiply(x, x, out=out), x, dout)
    np.testing.assert_allclose(squares, 2 * x * dout, rtol=1e-9)
    total = numerical_gradient(lambda x: np.sum(x, out=number), x)
    np.testing.assert_allclose(total, np.ones(2), rtol=1e-9)


def test_errors_are_sentences():
    x = np.ones(2)
    with pytest.raises(ValueError, match=r"shape \(2,\), expected one number"):
        numerical_gradient(lambda x: x, x)
    with pytest.raises(ValueError, match=r"shape \(2,\), but dout has shape \(2, 1\)"):
        numerical_gradient_array(lambda x: x, x, np.ones((2, 1)))
    with pytest.raises(ValueError, match="h is 0, expected"):
        numerical_gradient(np.sum, x, h=0)
    with pytest.raises(ValueError, match="complex128, expected real"):
        numerical_gradient(np.sum, x.astype(complex))


@pytest.mark.parametrize(
    ("got", "expected", "error"),
    [
        ([1.0, 3.0], [1.0, 2.0], 1 / 5),
        ([0.0, 0.0], [0.0, 0.0], 0.0),
        ([0.0, 0.0], [0.0, 4.0], 1.0),
        ([1.0, -1.0], [-1.0, 1.0], 1.0),
        ([1e-9, 1.0], [3e-9, 1.0], 1e-9),  # element by element this would be 0.5
        ([1e-300], [3e-300], 0.5),  # no floor: tiny gradients are judged too
        ([1e308], [-1e308], 1.0),
        ([], [], 0.0),
        (2, 2.0, 0.0),
    ],
)
def test_relative_error_by_hand(got, expected, error):
    value = relative_error(np.array(got), np.array(expected))
    assert type(value) is float
    assert value == pytest.approx(error, rel=1e-12)
    assert value == pytest.approx(
        relative_error(np.array(expected), np.array(got)), rel=1e-12
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_never_pass(bad):
    for got, expected in (([bad, 1], [0, 1]), ([0, 1], [bad, 1]), ([bad], [bad])):
        assert not relative_error(np.array(got), np.array(expected)) <= 1e300


def test_relative_error_refuses_to_broadcast():
    with pytest.raises(ValueError, match=r"\(3, 1\), expected has shape \(3,\)"):
        relative_error(np.zeros((3, 1)), np.zeros(3))
    with pytest.raises(ValueError, match="object, expected real"):
        relative_error(np.array([None]), np.zeros(1))


def test_the_derivative_along_a_direction_and_its_uncertainty(rng):
    x, along, dout = rng.standard_normal((3, 2, 5))
    right = np.sum(np.exp(x) * along * dout)
    slope, uncertainty = directional_derivative(np.exp, x, along, dout)
    assert abs(slope - right) <= uncertainty < 1e-9
    rough, unsure = directional_derivative(np.exp, x, along, dout, h=0.5)
    assert abs(rough - right) <= unsure and unsure > 1e4 * uncertainty
    assert directional_derivative(np.exp, x, along, dout, n=1000)[1] > uncertainty


def test_the_derivative_of_whole_numbers_is_exact():
    x, along = np.array([3.0, -2.0]), np.array([0.5, 1.0])
    slope, _ = directional_derivative(lambda x: 7 * x, x, along, np.ones(2), h=0.25)
    assert slope == 10.5


def test_a_direction_has_the_shape_of_x():
    x = np.zeros(3)
    with pytest.raises(ValueError, match=r"direction has shape \(2,\)"):
        directional_derivative(np.exp, x, np.zeros(2), x)
    with pytest.raises(ValueError, match="h is 0"):
        directional_derivative(np.exp, x, x, x, h=0)
    with pytest.raises(ValueError, match="but dout has shape"):
        directional_derivative(np.sum, x, x, x)
