import numpy as np
import pytest

from tests import oracle as witness
from utils.checks import oracle
from utils.gradient_check import numerical_gradient_array, relative_error

TABLE = [
    # x, w, stride, pad
    ((2, 3, 5, 6), (4, 3, 3, 2), 1, 0),
    ((1, 1, 4, 4), (1, 1, 3, 3), 2, 1),
    ((2, 2, 7, 5), (3, 2, 2, 3), 3, 2),
    ((1, 2, 6, 6), (2, 2, 3, 3), 2, 0),  # does not tile
]


def loops(x, w, b, stride, pad):
    """The formula, number by number."""
    x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    shape = (N, F, 1 + (H - HH) // stride, 1 + (W - WW) // stride)
    out = np.zeros(shape)
    for n, f, i, j in np.ndindex(shape):
        out[n, f, i, j] = b[f] + sum(
            w[f, c, p, q] * x[n, c, i * stride + p, j * stride + q]
            for c, p, q in np.ndindex(C, HH, WW)
        )
    return out


@pytest.mark.parametrize(("x", "w", "stride", "pad"), TABLE)
def test_convolution(rng, x, w, stride, pad):
    b = np.arange(w[0], dtype=float)
    x, w = (rng.integers(-5, 6, size=shape).astype(float) for shape in (x, w))
    out = oracle.conv_forward(x, w, b, stride, pad)
    np.testing.assert_array_equal(out, loops(x, w, b, stride, pad))
    dout = rng.integers(1, 6, size=out.shape).astype(float)
    gradients = oracle.conv_backward(dout, x, w, stride, pad)
    functions = (
        (lambda x: oracle.conv_forward(x, w, b, stride, pad), x),
        (lambda w: oracle.conv_forward(x, w, b, stride, pad), w),
        (lambda b: oracle.conv_forward(x, w, b, stride, pad), b),
    )
    for gradient, (f, at) in zip(gradients, functions, strict=True):
        assert relative_error(gradient, numerical_gradient_array(f, at, dout)) < 1e-8


@pytest.mark.parametrize(("x", "w", "stride", "pad"), TABLE)
def test_two_witnesses_agree_without_a_common_method(
    rng, monkeypatch, x, w, stride, pad
):
    def forbidden(*_, **__):
        raise AssertionError("the witness takes windows as the oracle does")

    monkeypatch.setattr(witness, "windows", forbidden)
    monkeypatch.setattr(witness, "sliding_window_view", forbidden)
    x, w = (rng.integers(-5, 6, size=shape).astype(float) for shape in (x, w))
    b = np.arange(len(w), dtype=float)
    out = oracle.conv_forward(x, w, b, stride, pad)
    np.testing.assert_array_equal(witness.conv_forward(x, w, b, stride, pad), out)
    expected = oracle.conv_backward(out, x, w, stride, pad)
    gradients = witness.conv_backward(out, x, w, stride, pad)
    for gradient, right in zip(gradients, expected, strict=True):
        np.testing.assert_array_equal(gradient, right)
    pooled = oracle.max_pool_forward(x, 2, 3, stride)
    np.testing.assert_array_equal(witness.max_pool_forward(x, 2, 3, stride), pooled)
    dx = oracle.max_pool_backward(pooled, x, 2, 3, stride)
    np.testing.assert_array_equal(
        witness.max_pool_backward(pooled, x, 2, 3, stride), dx
    )


@pytest.mark.parametrize("window", [(2, 2, 2), (3, 3, 1), (2, 3, 2), (3, 2, 3)])
def test_max_pooling(rng, window):
    height, width, stride = window
    x = rng.permutation(2 * 3 * 7 * 6).reshape(2, 3, 7, 6).astype(float)
    out = oracle.max_pool_forward(x, *window)
    for n, c, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        window_values = x[n, c, top : top + height, left : left + width]
        assert out[n, c, i, j] == window_values.max()
    dout = rng.integers(1, 9, size=out.shape).astype(float)
    numeric = numerical_gradient_array(
        lambda x: oracle.max_pool_forward(x, *window), x, dout
    )
    assert relative_error(oracle.max_pool_backward(dout, x, *window), numeric) < 1e-8


def test_ties_go_to_the_first_maximum():
    dx = oracle.max_pool_backward(
        np.full((1, 1, 1, 1), 5.0), np.ones((1, 1, 2, 2)), 2, 2, 1
    )
    np.testing.assert_array_equal(dx[0, 0], [[5, 0], [0, 0]])


@pytest.mark.parametrize("axes", [(0, 2, 3), (1, 2, 3)])
def test_normalisation(rng, axes):
    x = rng.normal(3, 5, size=(3, 2, 4, 3))
    gamma, dout = 1.7, rng.normal(size=x.shape)
    out = oracle.normalise(x, 1.0, 0.0, 0.0, axes)
    np.testing.assert_allclose(out.mean(axis=axes), 0, atol=1e-12)
    np.testing.assert_allclose(out.var(axis=axes), 1)
    dx, _ = oracle.normalise_backward(dout, x, gamma, 0.1, axes)
    numeric = numerical_gradient_array(
        lambda x: oracle.normalise(x, gamma, 2.0, 0.1, axes), x, dout
    )
    assert relative_error(dx, numeric) < 1e-8
