import numpy as np
import pytest

from utils.gradient_check import (
    numerical_gradient,
    numerical_gradient_array,
    relative_error,
)
from utils.layers import (
    affine_backward,
    affine_forward,
    dropout_backward,
    dropout_forward,
    relu_backward,
    relu_forward,
    softmax_loss,
)


def test_affine_by_hand():
    x = np.array([[[1.0, 2.0]], [[3.0, 4.0]]])  # (2, 1, 2), flattened to (2, 2)
    w = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
    b = np.array([10.0, 20.0, 30.0])
    out, cache = affine_forward(x, w, b)
    # first row: 1*[1, 0, -1] + 2*[0, 1, 1] + b
    np.testing.assert_array_equal(out, [[11, 22, 31], [13, 24, 31]])
    dx, dw, db = affine_backward(np.ones((2, 3)), cache)
    np.testing.assert_array_equal(dx, [[[0, 2]], [[0, 2]]])  # row sums of w
    np.testing.assert_array_equal(dw, [[4, 4, 4], [6, 6, 6]])  # column sums of x
    np.testing.assert_array_equal(db, [2, 2, 2])


def test_affine_gradients(rng):
    x, w = rng.standard_normal((3, 2, 4)), rng.standard_normal((8, 5))
    b, dout = rng.standard_normal(5), rng.standard_normal((3, 5))
    _, cache = affine_forward(x, w, b)
    grads = affine_backward(dout, cache)
    for k in range(3):
        args = [x, w, b]

        def f(a, k=k, args=args):
            return affine_forward(*args[:k], a, *args[k + 1 :])[0]

        expected = numerical_gradient_array(f, args[k], dout)
        assert relative_error(grads[k], expected) < 1e-9


def test_affine_errors():
    with pytest.raises(ValueError, match=r"expected \(6, M\): .* has 6 values"):
        affine_forward(np.zeros((2, 3, 2)), np.zeros((5, 4)), np.zeros(4))
    with pytest.raises(ValueError, match="one bias per column"):
        affine_forward(np.zeros((2, 5)), np.zeros((5, 4)), np.zeros((4, 1)))


def test_relu_by_hand_and_at_zero():
    x = np.array([-2.0, 0.0, 3.0])
    out, cache = relu_forward(x)
    np.testing.assert_array_equal(out, [0, 0, 3])
    np.testing.assert_array_equal(relu_backward(np.ones(3), cache), [0, 0, 1])
    np.testing.assert_array_equal(x, [-2, 0, 3])


def test_dropout_keeps_the_mean_and_the_right_share():
    x = np.full((200, 200), 3.0)
    for p in (0.25, 0.7):
        out, _ = dropout_forward(x, {"p": p, "mode": "train", "seed": 1})
        kept = np.mean(out != 0)
        assert abs(kept - p) < 0.01  # 40,000 draws: standard error < 0.0025
        assert abs(out.mean() - 3) < 0.1
        np.testing.assert_allclose(np.unique(out), [0, 3 / p])


def test_dropout_gradient_and_modes(rng):
    x, dout = rng.standard_normal((5, 6)), rng.standard_normal((5, 6))
    param = {"p": 0.6, "mode": "train", "seed": 3}
    _, cache = dropout_forward(x, param)
    expected = numerical_gradient_array(lambda a: dropout_forward(a, param)[0], x, dout)
    assert relative_error(dropout_backward(dout, cache), expected) < 1e-9
    out, cache = dropout_forward(x, {"p": 0.6, "mode": "test"})
    np.testing.assert_array_equal(out, x)
    np.testing.assert_array_equal(dropout_backward(dout, cache), dout)


def test_dropout_of_integers_is_computed_in_float64():
    out, _ = dropout_forward(np.full(100, 3), {"p": 0.5, "mode": "train", "seed": 0})
    np.testing.assert_array_equal(np.unique(out), [0.0, 6.0])


def test_dropout_errors():
    with pytest.raises(ValueError, match="'p'.* is None"):
        dropout_forward(np.ones(3), {"mode": "train"})
    with pytest.raises(ValueError, match="'mode'.* is None"):
        dropout_forward(np.ones(3), {"p": 0.5})
    with pytest.raises(ValueError, match="'p'.* is 0, expected 0 < p <= 1"):
        dropout_forward(np.ones(3), {"p": 0, "mode": "train"})
    with pytest.raises(ValueError, match="'mode'.* is 'eval'"):
        dropout_forward(np.ones(3), {"p": 0.5, "mode": "eval"})


def test_softmax_loss_by_hand():
    # two equal scores: probability 1/2 each, loss log 2
    loss, dx = softmax_loss(np.zeros((1, 2)), np.array([0]))
    assert loss == pytest.approx(np.log(2))
    np.testing.assert_allclose(dx, [[-0.5, 0.5]])


def test_softmax_gradient_and_large_scores(rng):
    x, y = rng.standard_normal((6, 4)), rng.integers(4, size=6)
    expected = numerical_gradient(lambda a: softmax_loss(a, y)[0], x)
    assert relative_error(softmax_loss(x, y)[1], expected) < 1e-8
    loss, dx = softmax_loss(np.array([[1e4, 0.0], [0.0, 1e4]]), np.array([1, 1]))
    assert loss == pytest.approx(5000)
    assert np.isfinite(dx).all()


@pytest.mark.parametrize(
    "y, sentence",
    [
        ([0, 1], r"y has shape \(2,\), expected \(3,\)"),
        ([0, 1, 4], "labels from 0 to 4, expected 0 to 3"),
        ([0, -1, 2], "labels from -1"),
        ([0.0, 1.0, 2.0], "dtype float64, expected integers"),
    ],
)
def test_softmax_errors(y, sentence):
    with pytest.raises(ValueError, match=sentence):
        softmax_loss(np.zeros((3, 4)), np.array(y))
    with pytest.raises(ValueError, match=r"x has shape \(4,\), expected \(N, C\)"):
        softmax_loss(np.zeros(4), np.zeros(4, int))
    with pytest.raises(ValueError, match="no rows"):
        softmax_loss(np.zeros((0, 4)), np.zeros(0, int))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_layer_keeps_the_dtype_and_its_inputs(rng, dtype):
    x = rng.standard_normal((4, 6)).astype(dtype)
    w, b = rng.standard_normal((6, 3)).astype(dtype), np.zeros(3, dtype)
    before = x.copy()
    out, cache = affine_forward(x, w, b)
    arrays = [out, *affine_backward(np.ones_like(out), cache)]
    out, cache = relu_forward(x)
    arrays += [out, relu_backward(out, cache)]
    out, cache = dropout_forward(x, {"p": 0.5, "mode": "train", "seed": 0})
    arrays += [out, dropout_backward(out, cache)]
    arrays.append(softmax_loss(x, np.array([0, 1, 2, 3]))[1])
    assert {a.dtype for a in arrays} == {np.dtype(dtype)}
    np.testing.assert_array_equal(x, before)
