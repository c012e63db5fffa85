import numpy as np
import pytest

from utils.effective_field import deviation, effective_side, gradient, influence
from utils.gradient_check import numerical_gradient_array
from utils.receptive_field import Layer, chain, seen_by, uncut
from utils.receptive_field_probe import path_counts

BLOCKS = [Layer(3, pad=1), Layer(3, pad=1), Layer(2, 2, kind="pool")] * 2


def found(x, **how):
    dx = gradient(BLOCKS, x, unit=(4, 4), relu=True, **how)
    return (dx != 0).any(axis=(0, 1))


def test_equal_weights_count_paths():
    layers = chain([3, 3], [2, 1], [1, 0])
    dx = gradient(layers, np.ones((1, 1, 9, 9)), (1, 1), filters="ones")
    np.testing.assert_allclose(dx[0, 0] * 9, path_counts(layers, (1, 1), 9), 1e-12)


def test_gradient_is_that_of_the_net(rng):
    layers = [Layer(3, pad=1), Layer(2, 2, kind="pool"), Layer(2)]
    x = rng.standard_normal((1, 2, 6, 6))

    def unit(x):
        # the derivative of the unit is linear in the unit: Euler's formula holds for
        # nets without biases, whose output is homogeneous in the image
        return np.array([np.sum(gradient(layers, x, (1, 0), relu=True) * x)])

    dx = gradient(layers, x, (1, 0), relu=True)
    numerical = numerical_gradient_array(unit, x, np.ones(1))
    np.testing.assert_allclose(dx, numerical, atol=1e-6)


def test_the_puzzle_of_the_maximum():
    x = np.random.default_rng(0).standard_normal((50, 3, 32, 32))
    field = seen_by(BLOCKS, (4, 4), 32)
    assert field.sum() == 256
    eight, single = found(x[:1]), found(x[:1], num_filters=1)
    many = found(x, num_filters=1)
    for mask in (eight, single, many):
        assert not (mask & ~field).any()
    assert single.sum() < eight.sum() < 256
    assert single.sum() < many.sum() <= 256
    assert not (single & ~many).any()
    assert found(np.ones((1, 3, 32, 32)), filters="ones").sum() == 13**2
    assert found(-np.abs(x[:1]), filters="ones").sum() == 0


@pytest.mark.parametrize(
    ("n", "side", "sigma"),
    [(1, 3.0, 0.816), (2, 5.0, 1.155), (5, 8.31, 1.826), (10, 11.70, 2.582),
     (20, 16.16, 3.651), (40, 22.74, 5.164)],
)  # fmt: skip
def test_stacks_of_equal_weights(n, side, sigma):
    paths = influence(chain([3] * n, [1] * n), runs=0)
    assert paths.shape == (2 * n + 1,) * 2 and paths.max() == 1
    assert effective_side(paths) == pytest.approx(side, abs=0.005)
    assert effective_side(1e-3 * paths) == effective_side(paths)
    assert deviation(paths) == pytest.approx(sigma, abs=5e-4)
    assert deviation(paths) == pytest.approx(np.sqrt(n * (3**2 - 1) / 12))


@pytest.mark.parametrize("net", [[(3, 2), (3, 2)], [(5, 1), (2, 3), (4, 1)], [(7, 1)]])
def test_the_variance_of_paths_adds_up(net):
    layers = [Layer(*pair) for pair in net]
    variance, step = 0.0, 1
    for m, s in net:
        variance += step**2 * (m**2 - 1) / 12
        step *= s
    assert deviation(influence(layers, runs=0)) == pytest.approx(np.sqrt(variance))


def test_paths_of_small_nets():
    rows = {
        ((3, 1), (3, 1), (2, 2)): [1, 3, 5, 5, 3, 1],
        ((7, 1), (2, 2)): [1, 2, 2, 2, 2, 2, 2, 1],
        ((3, 2), (3, 2)): [1, 1, 2, 1, 2, 1, 1],  # its middle is not its only top
        ((3, 1),) * 3: [1, 3, 6, 7, 6, 3, 1],
    }
    for net, expected in rows.items():
        layers = [Layer(*pair) for pair in net]
        size, unit = uncut(layers)
        first = path_counts(layers, (unit, unit), size)[0]
        np.testing.assert_array_equal(first / first[0], expected)


def test_random_weights_look_wider_by_the_root_of_two():
    layers = chain([3] * 10, [1] * 10)
    paths, random = influence(layers, runs=0), influence(layers, runs=30)
    assert deviation(random) == pytest.approx(deviation(np.sqrt(paths)), rel=0.05)
    assert effective_side(random) > effective_side(paths)


def test_influence_is_seeded():
    layers = chain([3, 3], [1, 1])
    np.testing.assert_array_equal(influence(layers, 2), influence(layers, 2))
    assert (influence(layers, 2) != influence(layers, 2, seed=1)).any()
    assert (influence(layers, 2) != influence(layers, 2, relu=True)).any()
    assert (influence(layers, 1) != influence(layers, 2)).any()  # other filters


def test_random_filters_keep_the_size_of_gradients(rng):
    # the squares of a gradient add up to 1 for each of 8 channels at the top, and each
    # layer keeps that sum on average; the first one has 1 channel of 8
    layers = chain([3] * 6, [1] * 6)
    x = rng.standard_normal((1, 1, 13, 13))
    gradients = [gradient(layers, x, (0, 0), seed=seed) for seed in range(20)]
    assert np.mean([np.sum(dx**2) for dx in gradients]) == pytest.approx(1, rel=0.5)


def test_gradient_keeps_its_input():
    x = np.ones((1, 1, 6, 6))
    gradient([Layer(3), Layer(2, 2, kind="pool")], x, (0, 0), relu=True)
    np.testing.assert_array_equal(x, np.ones((1, 1, 6, 6)))


def test_dilated_layers_are_refused():
    with pytest.raises(ValueError, match=r"3x3 conv, dilation 2\) is dilated"):
        gradient([Layer(3, dilation=2)], np.ones((1, 1, 8, 8)), (0, 0))


def test_what_there_is_not_is_refused():
    x = np.ones((1, 1, 8, 8))
    for unit in ((6, 0), (0, -1)):
        with pytest.raises(ValueError, match=r"unit is .*the last layer has 6 x 6 un"):
            gradient([Layer(3)], x, unit)
    with pytest.raises(ValueError, match="filters is 'one', expected 'random'"):
        gradient([Layer(3)], x, (0, 0), filters="one")
