import numpy as np
import pytest

from tests import oracle
from utils.batchnorm import batchnorm_backward, batchnorm_forward
from utils.gradient_check import numerical_gradient_array, relative_error


def test_by_hand():
    x = np.array([[1.0, 10.0], [3.0, 30.0]])  # means 2, 20; variances 1, 100
    param = {"mode": "train", "eps": 0.0, "momentum": 0.9}
    out, cache = batchnorm_forward(x, np.array([1.0, 2.0]), np.array([0.0, 5.0]), param)
    np.testing.assert_allclose(out, [[-1, 3], [1, 7]])
    np.testing.assert_allclose(param["running_mean"], [0.2, 2.0])  # 0.1 * mean
    np.testing.assert_allclose(param["running_var"], [0.1, 10.0])
    dx, dgamma, dbeta = batchnorm_backward(np.array([[1.0, 0], [0, 0]]), cache)
    np.testing.assert_allclose(dbeta, [1, 0])
    np.testing.assert_allclose(dgamma, [-1, 0])
    # with two rows, x_hat is -1 and 1 whatever x is: nothing flows back
    np.testing.assert_allclose(dx, 0, atol=1e-15)


def test_against_the_oracle(rng):
    x = rng.standard_normal((7, 3)) * [1, 5, 0.1] + [0, 100, -3]
    gamma, beta = rng.standard_normal(3), rng.standard_normal(3)
    out, _ = batchnorm_forward(x, gamma, beta, {"mode": "train", "eps": 0.3})
    expected = oracle.batchnorm_forward(x, gamma, beta, 0.3, axes=0)
    np.testing.assert_allclose(out, expected, rtol=1e-12)


@pytest.mark.parametrize("mode", ["train", "test"])
def test_gradients(rng, mode):
    x, dout = rng.standard_normal((2, 5, 4))
    gamma, beta = rng.standard_normal((2, 4))
    running = {"running_mean": rng.standard_normal(4), "running_var": np.ones(4) * 2}

    def forward(x, gamma, beta):
        return batchnorm_forward(x, gamma, beta, {"mode": mode, **running})

    args = (x, gamma, beta)
    grads = batchnorm_backward(dout, forward(*args)[1])
    for k in range(3):

        def f(a, k=k):
            return forward(*args[:k], a, *args[k + 1 :])[0]

        expected = numerical_gradient_array(f, args[k], dout)
        assert relative_error(grads[k], expected) < 1e-7


def test_test_mode_uses_and_keeps_the_running_averages(rng):
    x = rng.standard_normal((1, 3))
    running = {"running_mean": np.arange(3.0), "running_var": np.array([1.0, 4, 9])}
    param = {"mode": "test", "eps": 0.0, **running}
    out, _ = batchnorm_forward(x, np.ones(3), np.zeros(3), param)
    np.testing.assert_allclose(out, (x - [0, 1, 2]) / [1, 2, 3])
    np.testing.assert_array_equal(param["running_mean"], [0, 1, 2])
    np.testing.assert_array_equal(param["running_var"], [1, 4, 9])


def test_running_averages_converge_to_the_data(rng):
    param = {"mode": "train", "momentum": 0.9}
    for _ in range(200):
        x = 3 * rng.standard_normal((500, 2)) + [1, -5]
        batchnorm_forward(x, np.ones(2), np.zeros(2), param)
    np.testing.assert_allclose(param["running_mean"], [1, -5], atol=0.15)
    np.testing.assert_allclose(param["running_var"], 9, rtol=0.1)


def test_errors():
    ones, zeros = np.ones(3), np.zeros(3)
    with pytest.raises(ValueError, match="is 'eval', expected 'train' or 'test'"):
        batchnorm_forward(np.ones((2, 3)), ones, zeros, {"mode": "eval"})
    with pytest.raises(ValueError, match=r"gamma has shape \(2,\), expected \(3,\)"):
        batchnorm_forward(np.ones((2, 3)), np.ones(2), zeros, {"mode": "train"})
    with pytest.raises(ValueError, match="empty batch"):
        batchnorm_forward(np.ones((0, 3)), ones, zeros, {"mode": "train"})


def test_float32_stays_float32_and_inputs_stay(rng):
    x = rng.standard_normal((6, 3)).astype(np.float32)
    before, param = x.copy(), {"mode": "train"}
    ones, zeros = np.ones(3, np.float32), np.zeros(3, np.float32)
    out, cache = batchnorm_forward(x, ones, zeros, param)
    arrays = [out, *batchnorm_backward(out, cache), *list(param.values())[1:]]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(x, before)
