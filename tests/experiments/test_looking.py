import numpy as np
import pytest

from utils.exercises.cnn import ThreeLayerConvNet
from utils.experiments import looking
from utils.network import (
    Affine,
    AvgPool,
    BatchNorm,
    Conv,
    ConvNet,
    Gelu,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Whiten,
)


@pytest.fixture
def net():
    layers = [Whiten(2), Gelu(), Conv(6), MaxPool(), BatchNorm(), Gelu()]
    layers += [Conv(5), Relu(), GlobalMaxPool(), Affine(4)]
    return ConvNet(layers, (3, 12, 12), dtype=np.float64, seed=3)


@pytest.fixture
def X(rng):
    return rng.normal(size=(4, 3, 12, 12))


def test_first_filters_give_the_odd_part_of_the_first_layer(net, X, rng):
    half = rng.normal(size=(12, 3, 2, 2))
    net.whiten(np.concatenate([half, -half]))
    w = looking.first_filters(net)
    assert w.shape == (6, 3, 4, 4)
    there, back = (net.look(sign * X)[1]["conv1"] for sign in (1, -1))
    odd = (there - back) / 2
    # Position (5, 7) of conv1 reads pixels 4 to 7 and 6 to 9, see `window`.
    assert looking.window(net, "conv1", 5) == (4, 7)
    assert looking.window(net, "conv1", 7) == (6, 9)
    expected = np.einsum("fcij,ncij->nf", w, X[:, :, 4:8, 6:10])
    np.testing.assert_allclose(odd[:, :, 5, 7], expected, rtol=1e-10)


def test_first_filters_of_other_networks_are_their_weights():
    model = ThreeLayerConvNet(num_filters=3, seed=0)
    assert looking.first_filters(model) is model.params["W1"]
    net = ConvNet([Conv(5, 3), Relu(), GlobalMaxPool(), Affine(10)])
    w = looking.first_filters(net)
    np.testing.assert_array_equal(w, net.state_dict()["conv1.w"])


def test_a_window_goes_through_all_kinds_of_layers():
    layers = [Conv(4, 5, stride=2), MaxPool(3, stride=1), AvgPool(2), Conv(4, pad=0)]
    net = ConvNet([*layers, GlobalMaxPool(), Affine(10)])
    # Backwards: 1 -> 1 to 3 -> 2 to 7 -> 2 to 9 -> 2 * 2 - 2 to 2 * 9 + 2.
    assert looking.window(net, "conv2", 1) == (2, 20)


@pytest.mark.parametrize(("name", "unit"), [("conv1", 4), ("gelu2", 2), ("conv2", 3)])
def test_a_window_is_what_changes_a_unit(net, X, name, unit):
    net.state["whiten1.w"][:] = np.random.default_rng(0).normal(size=(2, 2, 3, 24))
    first, last = looking.window(net, name, unit)
    before = net.look(X)[1][name][:, :, unit, unit]
    for pixel in range(12):
        changed = X.copy()
        changed[:, :, pixel] += 1.0
        after = net.look(changed)[1][name][:, :, unit, unit]
        assert (pixel < first or pixel > last) <= np.array_equal(before, after)
    for pixel in {max(first, 0), min(last, 11)}:  # its ends belong to it
        changed = X.copy()
        changed[:, :, pixel] += 100 * np.random.default_rng(1).normal(size=12)
        after = net.look(changed)[1][name][:, :, unit, unit]
        assert not np.array_equal(before, after)


def test_patches_stand_where_filters_answer_most(net, X):
    images = np.random.default_rng(0).integers(0, 256, X.shape, np.uint8)
    _, outputs, _ = net.look(X)
    patches = looking.top_patches(
        net, images, X, [("conv1", 2), ("conv2", 0)], count=2, batch_size=3
    )
    assert [patch.shape[1] for patch in patches] == [4, 4, 9, 9]
    maps = outputs["conv1"][:, 2]
    n = maps.max(axis=(1, 2)).argmax()
    i, j = np.unravel_index(maps[n].argmax(), maps[n].shape)
    top, left = (looking.window(net, "conv1", unit)[0] for unit in (i, j))
    for p in range(4):
        for q in range(4):
            inside = 0 <= top + p < 12 and 0 <= left + q < 12
            seen = images[n, :, top + p, left + q] if inside else 128
            np.testing.assert_array_equal(patches[0][:, p, q], seen)


def test_grad_cam_is_weighted_by_mean_gradients(net, X):
    labels = np.array([0, 1, 2, 3])
    cam = looking.grad_cam(net, X, labels, "relu1")
    assert cam.shape == (4, 5, 5) and cam.min() >= 0
    # Behind relu1: a maximum, whose gradient goes to one place, and an affine layer.
    w = net.state_dict()["affine1.w"]
    w = w if w.shape == (5, 4) else w.T
    maps = net.look(X)[1]["relu1"]
    expected = [
        np.maximum(np.einsum("f,fij->ij", w[:, labels[n]] / 25, maps[n]), 0)
        for n in range(4)
    ]
    np.testing.assert_allclose(cam, expected, rtol=1e-9, atol=1e-12)


def test_saliency_is_the_gradient_of_the_score(net, X):
    labels = np.array([3, 2, 1, 0])
    found = looking.saliency(net, X, labels)
    h, gradient = 1e-6, np.empty(3)
    for c in range(3):
        ends = []
        for sign in (1, -1):
            moved = X.copy()
            moved[1, c, 4, 6] += sign * h
            ends.append(net.loss(moved)[1, 2])
        gradient[c] = (ends[0] - ends[1]) / (2 * h)
    assert found[1, 4, 6] == pytest.approx(np.abs(gradient).max(), rel=1e-5, abs=1e-9)


def test_smooth_saliency_is_repeatable_and_another(net, X):
    labels = np.zeros(4, int)
    one, two = (looking.saliency(net, X, labels, 0.3, 4, seed=1) for _ in range(2))
    np.testing.assert_array_equal(one, two)
    assert not np.allclose(one, looking.saliency(net, X, labels))


def test_occlusion_finds_the_only_pixels_that_count():
    class Corner:
        """Says class 1 where the upper left corner is bright."""

        def predict(self, X):
            bright = X[:, :, :2, :2].mean(axis=(1, 2, 3))
            return np.stack([0 * bright, 4 * bright], axis=1)

    X = np.ones((2, 3, 12, 12))
    kept = X.copy()
    lost = looking.occlusion(Corner(), X, np.array([1, 0]), size=4, step=2)
    assert lost[0, 0, 0] > 0.2 and lost[1, 0, 0] < -0.2
    np.testing.assert_allclose(lost[:, 6:, 6:], 0, atol=1e-12)
    np.testing.assert_array_equal(X, kept)


def test_surprises_begin_with_the_largest_loss():
    scores = np.log([[0.7, 0.3], [0.2, 0.8], [0.5, 0.5]])
    order, p = looking.surprises(scores, np.array([0, 0, 1]))
    assert order.tolist() == [1, 2, 0]
    np.testing.assert_allclose(p, [[0.7, 0.3], [0.2, 0.8], [0.5, 0.5]])
    order, _ = looking.surprises([[0.0, 2000.0], [0.0, 0.0]], np.array([0, 0]))
    assert order.tolist() == [0, 1]  # no warning where a probability is 0


def test_patch_covariance_by_hand():
    X = np.arange(9.0).reshape(1, 1, 3, 3)
    patches = np.array([[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8.0]])
    expected = patches.T @ patches / 4
    np.testing.assert_allclose(looking.patch_covariance(X), expected)
