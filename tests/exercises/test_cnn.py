import numpy as np
import pytest

from utils.exercises.cnn import ThreeLayerConvNet
from utils.gradient_check import numerical_gradient, relative_error

SMALL = {"input_dim": (2, 6, 8), "num_filters": 3, "filter_size": 3, "hidden_dim": 5}


@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_parameters_have_the_documented_shapes(use_batchnorm):
    model = ThreeLayerConvNet(num_filters=8, hidden_dim=20, use_batchnorm=use_batchnorm)
    shapes = {name: p.shape for name, p in model.params.items()}
    expected = {"W1": (8, 3, 7, 7), "W2": (8 * 16 * 16, 20), "W3": (20, 10)}
    expected |= {"b1": (8,), "b2": (20,), "b3": (10,)}
    if use_batchnorm:
        expected |= {"gamma1": (8,), "beta1": (8,), "gamma2": (20,), "beta2": (20,)}
    assert shapes == expected
    assert len(model.bn_params) == 2 * use_batchnorm
    assert {p.dtype for p in model.params.values()} == {np.dtype(np.float32)}


def test_weights_have_the_asked_scale_and_the_seed_repeats_them():
    a, b = (ThreeLayerConvNet(weight_scale=0.02, seed=3) for _ in range(2))
    for name, weights in a.params.items():
        np.testing.assert_array_equal(weights, b.params[name])
        if name.startswith("b"):
            assert not weights.any()
    assert a.params["W2"].std() == pytest.approx(0.02, rel=0.01)


@pytest.mark.parametrize("use_batchnorm", [False, True])
@pytest.mark.parametrize("reg", [0.0, 0.3])
def test_gradients(rng, use_batchnorm, reg):
    model = ThreeLayerConvNet(
        **SMALL,
        num_classes=4,
        weight_scale=0.3,
        reg=reg,
        dtype=np.float64,
        use_batchnorm=use_batchnorm,
        seed=1,
    )
    X, y = rng.standard_normal((4, 2, 6, 8)), np.array([0, 3, 1, 2])
    _, grads = model.loss(X, y)
    assert grads.keys() == model.params.keys()
    for name, start in model.params.items():

        def f(value, name=name):
            model.params[name] = value
            return model.loss(X, y)[0]

        expected = numerical_gradient(f, start, h=1e-6)
        model.params[name] = start
        if use_batchnorm and name in ("b1", "b2"):  # batchnorm removes any constant
            assert np.abs(expected).max() < 1e-8
            assert np.abs(grads[name]).max() < 1e-12
        else:
            assert relative_error(grads[name], expected) < 1e-6


def test_the_first_loss_is_the_loss_of_a_guess(rng):
    model = ThreeLayerConvNet(seed=0)
    X, y = rng.standard_normal((20, 3, 32, 32)), rng.integers(10, size=20)
    loss, _ = model.loss(X, y)
    assert loss == pytest.approx(np.log(10), abs=0.01)
    model.reg = 0.5
    squares = sum(
        np.sum(model.params[k].astype(float) ** 2) for k in ("W1", "W2", "W3")
    )
    more, _ = model.loss(X, y)
    assert more - loss == pytest.approx(0.25 * squares, rel=1e-4)


def test_scores_come_in_test_mode_and_change_nothing(rng):
    model = ThreeLayerConvNet(**SMALL, use_batchnorm=True, seed=0)
    X, y = rng.standard_normal((6, 2, 6, 8)), rng.integers(10, size=6)
    for _ in range(3):
        model.loss(X, y)
    running = [bn["running_mean"].copy() for bn in model.bn_params]
    scores = model.loss(X)
    assert scores.shape == (6, 10)
    assert scores.dtype == np.float32
    # running statistics: an image's scores do not depend on its batch
    np.testing.assert_allclose(model.loss(X[:1]), scores[:1], rtol=1e-4, atol=1e-6)
    for bn, before in zip(model.bn_params, running, strict=True):
        np.testing.assert_array_equal(bn["running_mean"], before)


def test_float64_images_do_not_make_a_float32_network_float64(rng):
    model = ThreeLayerConvNet(**SMALL, use_batchnorm=True)
    _, grads = model.loss(rng.standard_normal((2, 2, 6, 8)), np.array([0, 1]))
    assert {g.dtype for g in grads.values()} == {np.dtype(np.float32)}


def test_even_filters_are_refused():
    with pytest.raises(ValueError, match="filter_size is 4, expected an odd number"):
        ThreeLayerConvNet(filter_size=4)
