import numpy as np
import pytest

from utils import fast_layers
from utils.checks import network, oracle
from utils.checks.network import BATCHNORM, CASES, EPS, SMALL, NetCase
from utils.exercises.cnn import ThreeLayerConvNet
from utils.layers import softmax_loss


def distances_from_kinks(case):
    """Return |input| of every ReLU, and the gap of every maximum that is positive."""
    params, X, _ = case.inputs()
    pad = (case.filter_size - 1) // 2
    h = oracle.conv_forward(X, params["W1"], params["b1"], 1, pad)
    if case.use_batchnorm:
        gamma, beta = (params[name][:, None, None] for name in ("gamma1", "beta1"))
        h = oracle.normalise(h, gamma, beta, EPS, (0, 2, 3))
    windows = np.maximum(oracle.windows(h, 2, 2, 2), 0)
    ordered = np.sort(windows.reshape(*windows.shape[:4], 4))
    gaps = (ordered[..., 3] - ordered[..., 2])[ordered[..., 3] > 0]
    a = ordered[..., 3].reshape(len(X), -1) @ params["W2"] + params["b2"]
    if case.use_batchnorm:
        a = oracle.normalise(a, params["gamma2"], params["beta2"], EPS, 0)
    return np.abs(h), gaps, np.abs(a), a


@pytest.mark.parametrize("case", [SMALL, BATCHNORM], ids=["plain", "batchnorm"])
def test_gradient_checks_stay_clear_of_kinks(case):
    *distances, hidden = distances_from_kinks(case)
    assert min(d.min() for d in distances) > 0.02
    # and every hidden unit is switched on by some image, some are off
    assert (hidden > 0).any(axis=0).all() and (hidden < 0).any()


def test_scores_agree_with_the_given_layers():
    for case in CASES:
        params, X, _ = case.inputs()
        conv_param = {"stride": 1, "pad": (case.filter_size - 1) // 2}
        pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
        h, _ = fast_layers.conv_forward_fast(X, params["W1"], params["b1"], conv_param)
        h, _ = fast_layers.max_pool_forward_fast(np.maximum(h, 0), pool_param)
        h = np.maximum(h.reshape(len(X), -1) @ params["W2"] + params["b2"], 0)
        expected = h @ params["W3"] + params["b3"]
        np.testing.assert_allclose(network.scores(params, X)[0], expected, rtol=1e-12)


def test_statistics_of_the_batch_given_back_change_nothing():
    params, X, _ = BATCHNORM.inputs()
    train, used = network.scores(params, X)
    test, _ = network.scores(params, X, statistics=used)
    np.testing.assert_allclose(train, test)
    assert [mean.shape for mean, _ in used] == [(2,), (4,)]


def test_loss_and_penalty_by_hand():
    scores = np.log([[1.0, 3.0], [1.0, 1.0]])  # probabilities 1/4 3/4 and 1/2 1/2
    y = np.array([1, 0])
    expected = -(np.log(3 / 4) + np.log(1 / 2)) / 2
    assert network.data_loss(scores, y) == pytest.approx(expected)
    assert network.data_loss(scores, y) == pytest.approx(softmax_loss(scores, y)[0])
    params = {"W1": np.array([1.0, 2.0]), "W2": np.ones(3), "W3": np.zeros(1)}
    assert network.penalty(params | {"b1": np.ones(9)}, 0.5) == 0.25 * (5 + 3)


def test_loss_of_scores_that_overflow_in_a_power():
    values = np.array([[1000.0, 1001.0], [-2000.0, 0.0]])
    expected = (np.log1p(np.exp(-1)) + 2000) / 2
    assert network.data_loss(values, np.array([1, 0])) == pytest.approx(expected)


@pytest.mark.parametrize("case", [SMALL, BATCHNORM], ids=["plain", "batchnorm"])
def test_gradients_agree_with_the_given_layers(case):
    params, X, y = case.inputs()
    model = ThreeLayerConvNet(**case.arguments())
    model.params.update(params)
    _, grads = model.loss(X, y)
    for name in case.shapes():
        got = network.data_gradient(case, name)
        np.testing.assert_allclose(got, grads[name], rtol=1e-6, atol=1e-9)


def test_gradients_that_are_passed_on():
    """What a relu lets pass in a backward pass that forgets it, worked out by hand."""
    params, X, y = SMALL.inputs()
    model = ThreeLayerConvNet(**SMALL.arguments())
    model.params.update(params)
    scores, used = network.scores(params, X)
    assert used == []
    dscores = (network.softmax(scores) - np.eye(3)[y]) / len(y)
    got = network.data_gradient(SMALL, "b2", ("relu2",))
    np.testing.assert_allclose(got, (dscores @ params["W3"].T).sum(axis=0), rtol=1e-6)
    assert not np.allclose(got, network.data_gradient(SMALL, "b2"))


def test_steps_left_out_exchanged_and_added():
    params, X, _ = SMALL.inputs()
    right, _ = network.scores(params, X)
    moved = list(network.ORDER)
    moved.remove("relu1")
    moved.insert(moved.index("flatten"), "relu1")
    # A maximum is taken of the same numbers before and behind a monotone function.
    np.testing.assert_array_equal(network.scores(params, X, order=moved)[0], right)
    probabilities, _ = network.scores(params, X, order=(*network.ORDER, "softmax"))
    np.testing.assert_allclose(probabilities, network.softmax(right))


def test_traits():
    assert not any(NetCase("", (1, 4, 4), 7, N=1).traits.values())
    assert all(NetCase("", (2, 4, 5), 3, use_batchnorm=True).traits.values())
