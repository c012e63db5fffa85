"""studies: the plain net and the two gradient tests."""

import numpy as np
import pytest

from utils import studies
from utils.fast_layers import conv_forward_fast, max_pool_forward_fast
from utils.layers import affine_backward, affine_forward, softmax_loss
from utils.studies import (
    PlainConvNet,
    layer_gradient_errors,
    network_gradient_errors,
    train_plain_net,
)


def tiny_net(use_batchnorm, dtype=np.float64):
    return PlainConvNet(
        input_dim=(2, 4, 6),
        filters=(3, 2),
        num_classes=4,
        weight_scale=0.3,
        use_batchnorm=use_batchnorm,
        dtype=dtype,
        seed=1,
    )


def images(N=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((N, 2, 4, 6)), rng.integers(0, 4, N)


def test_names_and_shapes():
    params = tiny_net(use_batchnorm=True).params
    assert {name: value.shape for name, value in params.items()} == {
        "W1": (3, 2, 3, 3),
        "b1": (3,),
        "gamma1": (3,),
        "beta1": (3,),
        "W2": (2, 3, 3, 3),
        "b2": (2,),
        "gamma2": (2,),
        "beta2": (2,),
        "W3": (2 * 1 * 1, 4),  # 4 x 6 pixels, halved twice, rounded down: 1 x 1
        "b3": (4,),
    }


def test_weights_are_drawn_in_the_order_of_the_layers():
    net, rng = tiny_net(use_batchnorm=True), np.random.default_rng(1)
    for name, scale in {"W1": 0.3, "W2": 0.3, "W3": 2**-0.5}.items():
        weights = net.params[name]
        assert np.array_equal(weights, scale * rng.standard_normal(weights.shape))
    for name in ("b1", "beta1", "b2", "beta2", "b3"):
        assert not net.params[name].any()
    assert (net.params["gamma1"] == 1).all() and (net.params["gamma2"] == 1).all()


def test_scores_are_those_of_the_blocks_in_a_row():
    net, (X, _) = tiny_net(use_batchnorm=False), images()
    p, pool = net.params, {"pool_height": 2, "pool_width": 2, "stride": 2}
    out = X
    for k in (1, 2):
        out, _ = conv_forward_fast(out, p[f"W{k}"], p[f"b{k}"], {"stride": 1, "pad": 1})
        out, _ = max_pool_forward_fast(np.maximum(out, 0), pool)
    assert np.allclose(net.loss(X), out.reshape(5, -1) @ p["W3"] + p["b3"])


def test_with_zero_weights_the_loss_is_log_of_the_number_of_classes():
    net, (X, y) = tiny_net(use_batchnorm=False), images()
    for name in net.params:
        net.params[name] = np.zeros_like(net.params[name])
    loss, _ = net.loss(X, y)
    assert loss == pytest.approx(np.log(4))


def test_loss_is_the_softmax_loss_of_the_scores():
    net, (X, y) = tiny_net(use_batchnorm=False), images()
    assert net.loss(X, y)[0] == softmax_loss(net.loss(X), y)[0]


@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_gradients(use_batchnorm):
    net, (X, y) = tiny_net(use_batchnorm), images()
    before = {name: value.copy() for name, value in net.params.items()}
    errors = network_gradient_errors(net, X, y)
    assert list(errors) == list(net.params)
    for name, error in errors.items():
        # A bias in front of batchnorm has gradient 0: rounding is all there is.
        if use_batchnorm and name in ("b1", "b2"):
            assert np.abs(net.loss(X, y)[1][name]).max() < 1e-12
        else:
            assert error < 1e-6, name
        assert np.array_equal(net.params[name], before[name])


def test_a_wrong_gradient_is_seen():
    net, (X, y) = tiny_net(use_batchnorm=False), images()
    right = net.loss

    def doubled(X, y=None):
        loss, grads = right(X, y)
        return loss, {**grads, "W1": 2 * grads["W1"]}

    net.loss = doubled
    errors = network_gradient_errors(net, X, y)
    assert errors["W1"] == pytest.approx(1 / 3, rel=1e-3)  # |2g - g| / |2g + g|
    assert errors["W2"] < 1e-6


def test_batchnorm_scores_with_its_running_statistics():
    net, (X, y) = tiny_net(use_batchnorm=True), images()
    net.loss(X, y)
    running = net.bn_params[0]["running_mean"].copy()
    together = net.loss(X)
    assert np.allclose(net.loss(X[:1]), together[:1])  # alone as in company
    assert np.array_equal(net.bn_params[0]["running_mean"], running)


@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_dtype_is_kept_and_inputs_too(use_batchnorm):
    net, (X, y) = tiny_net(use_batchnorm, np.float32), images()
    before = X.copy()
    _, grads = net.loss(X, y)
    assert {value.dtype for value in grads.values()} == {np.dtype(np.float32)}
    assert net.loss(X).dtype == np.float32
    assert np.array_equal(X, before)


def test_train_plain_net_learns_and_can_be_repeated(capsys):
    X, y = images(N=40)
    X += 2 * np.sign(y - 1.5)[:, None, None, None]  # classes differ in brightness
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    net = {"filters": (4,), "num_classes": 4, "use_batchnorm": True}
    one = train_plain_net(data, net, num_epochs=5, batch_size=10)
    two = train_plain_net(data, net, num_epochs=5, batch_size=10)
    assert one.loss_history[-1] < 0.8 * one.loss_history[0]
    assert one.loss_history == two.loss_history
    assert one.model.params["W2"].dtype == np.float32
    assert capsys.readouterr().out == ""


def test_layer_gradient_errors():
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in ((3, 4), (4, 2), (2,))]
    errors = layer_gradient_errors(affine_forward, affine_backward, arrays)
    assert len(errors) == 3
    assert max(errors) < 1e-8


def test_layer_gradient_errors_sees_a_wrong_backward_pass():
    def backward(dout, cache):
        dx, dw, db = affine_backward(dout, cache)
        return dx, dw, -db

    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in ((3, 4), (4, 2), (2,))]
    dx, dw, db = layer_gradient_errors(affine_forward, backward, arrays)
    assert max(dx, dw) < 1e-8
    assert db > 0.5


def test_layer_gradient_errors_takes_one_gradient_and_leaves_settings_alone():
    def forward(x, settings):
        settings["calls"] += 1
        return settings["scale"] * x**2, (x, settings["scale"])

    def backward(dout, cache):
        x, scale = cache
        return 2 * scale * x * dout

    settings = {"calls": 0, "scale": 3.0}
    (error,) = layer_gradient_errors(forward, backward, [np.ones(2)], [settings])
    assert error < 1e-8
    assert settings["calls"] == 0


def test_interrupt_ends_a_study_and_not_one_training(monkeypatch):
    def train(solver):
        solver.stopped = "Stopped after iteration 3: interrupted."

    monkeypatch.setattr(studies.Solver, "train", train)
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((20, 3, 32, 32)), rng.integers(0, 10, 20)
    data = {"X_train": X, "y_train": y, "X_val": X, "y_val": y}
    with pytest.raises(KeyboardInterrupt):
        train_plain_net(data, {}, num_epochs=1, batch_size=10)
