"""Every layer's gradients against finite differences, in float64."""

import math

import numpy as np
import pytest

from tests import oracle
from tests.network.small import images, labels, shake
from utils.gradient_check import numerical_gradient
from utils.network import (
    Affine,
    AvgPool,
    BatchNorm,
    Conv,
    ConvNet,
    Gelu,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Residual,
    Scale,
    Silu,
    StopGradient,
    Whiten,
)
from utils.network.loss import cross_entropy

LIMIT = 1e-7  # cutting off the series and rounding stay below 1e-8 here
HEAD = [GlobalAvgPool(), Affine(3)]
CURVED = [Silu(), *HEAD]  # so that the layers before get gradients of every size

NETS = {
    "conv of 1": [Conv(3, 1), *CURVED],
    "conv of 2": [Conv(3, 2), *CURVED],
    "conv of 3": [Conv(3), *CURVED],
    "conv of 5": [Conv(2, 5), *CURVED],
    "conv behind conv": [Conv(3), Silu(), Conv(2), *CURVED],
    "conv, stride 2": [Conv(3, 3, stride=2), Silu(), Conv(2, 1, stride=2), *CURVED],
    "conv, pad 0": [Conv(3, 3, pad=0), Silu(), Conv(2, 2, pad=0), *CURVED],
    "conv, pad 2": [Conv(3, 3, pad=2), Silu(), Conv(2, 3, stride=2, pad=2), *CURVED],
    "conv without bias": [Conv(3, bias=False), *CURVED],
    "whiten": [Whiten(2), Gelu(), Conv(2), *CURVED],
    "batchnorm": [Conv(3), BatchNorm(), *CURVED],
    "batchnorm without scale": [Conv(3), BatchNorm(scale=False, eps=0.1), *CURVED],
    "batchnorm of images": [BatchNorm(), Conv(3), *CURVED],
    "batchnorm of vectors": [Affine(4), BatchNorm(), Silu(), Affine(3)],
    "batchnorm of vectors without scale": [
        *[Conv(2), GlobalAvgPool(), BatchNorm(scale=False), Silu(), Affine(3)],
    ],
    "relu": [Conv(3), Relu(), *HEAD],
    "gelu": [Conv(3), Gelu(), *HEAD],
    "silu": [Conv(3), Silu(), *HEAD],
    "curves of vectors": [*[Affine(4), Relu(), Affine(4), Gelu()], Silu(), Affine(3)],
    "max pool": [Conv(3), MaxPool(), *CURVED],
    "max pool of 3, stride 2": [Conv(3), MaxPool(3, 2), *CURVED],
    "max pool that overlaps": [Conv(3), MaxPool(2, 1), *CURVED],
    "max pool that drops pixels": [Conv(2), MaxPool(3), *CURVED],
    "average pool": [Conv(3), AvgPool(), *CURVED],
    "average pool of 3": [Conv(2), AvgPool(3), *CURVED],
    "global max pool": [Conv(3), GlobalMaxPool(), Silu(), Affine(3)],
    "global average pool": [Conv(3), GlobalAvgPool(), Silu(), Affine(3)],
    "affine of maps": [Conv(2), Silu(), Affine(3)],
    "affine of vectors": [*[Affine(5), Silu(), Affine(4, bias=False)], Affine(3)],
    "scale": [Conv(3), Scale(-0.7), *CURVED, Scale(1 / 9)],
    "residual": [Conv(3), Residual([Conv(3), BatchNorm(), Relu()]), *CURVED],
    "residual of images": [Residual([Conv(2), Silu()]), Conv(2), *CURVED],
    "residuals in residuals": [
        *[Conv(2), Residual([Silu(), Residual([Conv(2), Gelu()]), Conv(2)]), *CURVED],
    ],
    "stop": [Conv(3), Silu(), StopGradient(), Conv(2), BatchNorm(), *CURVED],
    "stop in a residual": [
        *[Conv(2), Residual([Conv(2), Silu(), StopGradient(), Conv(2)]), *CURVED],
    ],
    "he": [Conv(3, start="he"), Silu(), Affine(3, start="he")],
    "uniform": [Conv(3, start="uniform"), Silu(), Affine(3, start="uniform")],
    "dirac": [Conv(3, start="dirac"), Silu(), Conv(4, start="dirac"), *CURVED],
    "unit": [Conv(3, start="unit"), Silu(), Affine(3, start="unit")],
    "standard deviation": [Conv(3, start=0.3), Silu(), Affine(3, start=0.1)],
}


def exact(layers, input_shape=(2, 6, 5), **options):
    return shake(ConvNet(layers, input_shape, dtype=np.float64, **options))


def directions(size):
    """Give rows to go along: all axes of a small array, some of a large one.

    A large one gets oblique directions, too, which no wrong number escapes.
    """
    if size <= 24:
        return np.eye(size)
    rng = np.random.default_rng(size)
    oblique = rng.choice([-1.0, 1.0], (6, size)) / math.sqrt(size)
    return np.concatenate([oblique, np.eye(size)[rng.permutation(size)[:12]]])


def check_along(loss_of, x, gradient):
    """Compare a gradient with finite differences of a function of x."""
    ways = directions(x.size)
    expected = numerical_gradient(
        lambda steps: loss_of(x + (steps @ ways).reshape(x.shape)), np.zeros(len(ways))
    )
    scale = max(np.abs(gradient).max(), 1e-2)
    return np.abs(ways @ gradient.ravel() - expected).max() / scale


def check_parameters(net, X, y, lost=frozenset()):
    loss, grads = net.loss(X, y)
    assert grads.keys() == net.params.keys() - lost
    grads = {name: grad.copy() for name, grad in grads.items()}
    for name, grad in grads.items():
        home, kept = net.params[name], net.params[name].copy()

        def loss_of(value, home=home):
            home[...] = value
            return net.loss(X, y)[0]

        assert check_along(loss_of, kept, grad) <= LIMIT, name
        home[...] = kept
    assert net.loss(X, y)[0] == loss


def check_image(net, X, y):
    def loss_of(X):
        return cross_entropy(net.loss(X), y, net.label_smoothing)[0].mean()

    image = net.look(X, y)[2]["image"]
    assert image.shape == X.shape and np.abs(image).max() > 1e-4
    assert check_along(loss_of, X, image) <= LIMIT


@pytest.mark.parametrize("name", [name for name in NETS if "stop" not in name])
def test_gradients_are_those_of_finite_differences(name):
    net, X, y = exact(NETS[name]), images(3, 2, 6, 5), labels(3, 3)
    check_parameters(net, X, y)
    check_image(net, X, y)


def test_no_gradient_passes_a_stop():
    net, X, y = exact(NETS["stop"]), images(3, 2, 6, 5), labels(3, 3)
    check_parameters(net, X, y, lost={"conv1.w", "conv1.b"})
    assert net.look(X, y)[2]["image"] is None


def test_inside_a_residual_only_the_shortcut_goes_around_a_stop():
    net, X, y = exact(NETS["stop in a residual"]), images(3, 2, 6, 5), labels(3, 3)
    grads = net.loss(X, y)[1]
    assert grads.keys() == net.params.keys() - {"conv2.w", "conv2.b"}
    through = net.look(X, y)[2]
    assert np.array_equal(through["conv1"], through["residual1"])
    assert "conv2" not in through and through["image"].any()


@pytest.mark.parametrize("ghost", [1, 2, 3, 4, 9])
def test_gradients_of_ghost_batches(ghost):
    layers = [Conv(3), BatchNorm(), *CURVED]
    net, X, y = exact(layers, ghost=ghost), images(4, 2, 6, 5), labels(4, 3)
    check_parameters(net, X, y)


def test_gradients_with_smoothed_labels():
    net = exact([Conv(3), *CURVED], label_smoothing=0.2)
    X, y = images(3, 2, 6, 5), labels(3, 3)
    check_parameters(net, X, y)
    check_image(net, X, y)


def test_gradients_of_other_sizes_than_the_first():
    net = exact([Conv(2), MaxPool(), BatchNorm(), *CURVED])
    for H, W in ((4, 9), (6, 5), (2, 2)):
        X, y = images(2, 2, H, W), labels(2, 3)
        check_parameters(net, X, y)
        check_image(net, X, y)


def test_gradients_of_any_sum_of_scores(rng):
    net, X = exact(NETS["residual"]), images(2, 2, 6, 5)
    dscores = rng.standard_normal((2, 3))
    image = net.look(X, dscores=dscores)[2]["image"]
    assert check_along(lambda X: (dscores * net.loss(X)).sum(), X, image) <= LIMIT


def output(layer, X):
    """Give what one layer makes of images."""
    net = ConvNet([layer, *HEAD], X.shape[1:], dtype=np.float64)
    return net.look(X)[1][net.parts[0].name], net


def test_outputs_by_other_means():
    X = images(2, 3, 5, 7)
    out, _ = output(Gelu(), X)
    normal = np.vectorize(lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2)
    assert np.allclose(out, normal(X), rtol=1e-14, atol=1e-16)
    assert np.allclose(output(Silu(), X)[0], X / (1 + np.exp(-X)), rtol=1e-14)
    assert (output(Relu(), X)[0] == np.maximum(X, 0)).all()
    assert (output(Scale(-0.5), X)[0] == -0.5 * X).all()
    assert (output(StopGradient(), X)[0] == X).all()
    expected = oracle.max_pool_forward(X, 3, 3, 2)
    assert (output(MaxPool(3, 2), X)[0] == expected).all()
    out, net = output(Conv(4, 3, stride=2, pad=2), X)
    w = net.state_dict()["conv1.w"]
    expected = oracle.conv_forward(X, w, np.zeros(4), 2, 2)
    assert np.allclose(out, expected, rtol=1e-12)
    assert np.allclose(output(Residual([Relu()]), X)[0], X + np.maximum(X, 0))


def test_pooling_by_hand():
    X = np.arange(15.0).reshape(1, 1, 3, 5)
    assert output(AvgPool(2), X)[0].tolist() == [[[[3, 5]]]]
    assert output(AvgPool(3), X)[0].tolist() == [[[[6]]]]
    for layer, expected in ((GlobalMaxPool(), 14), (GlobalAvgPool(), 7)):
        net = ConvNet([layer, Affine(2)], (1, 3, 5), dtype=np.float64)
        assert net.look(X)[1]["pool1"].tolist() == [[expected]]


def test_batchnorm_by_hand():
    net = ConvNet(
        [BatchNorm(eps=0.25, momentum=0.75), *HEAD], (1, 1, 2), dtype=np.float64
    )
    X = np.array([1.0, 3, 5, 7]).reshape(2, 1, 1, 2)  # mean 4, variance 5
    net.loss(X, np.array([0, 1]))
    assert net.state["bn1.mean"] == 0.25 * 4
    assert net.state["bn1.var"] == 0.75 * 1 + 0.25 * 5
    out = net.look(X)[1]["bn1"].ravel()  # by running statistics: 1 and 2
    assert np.allclose(out, np.array([0, 2, 4, 6]) / 1.5)
