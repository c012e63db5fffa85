import numpy as np
import pytest

from utils.exercises.receptive_field import receptive_field
from utils.receptive_field import (
    Layer,
    chain,
    coverage,
    measured_size,
    pixels,
    uncut,
    unit_counts,
)
from utils.receptive_field_probe import (
    field_by_nan,
    forward,
    path_counts,
    random_net,
)


def field_by_counting(layers, unit, size):
    """The unit's pixels as a mask: its rows times its columns."""
    mask = np.zeros((2, size), dtype=bool)
    for axis, place in enumerate(unit):
        mask[axis, pixels(layers, place, size)] = True
    return np.outer(*mask)


def random_cases(seed, count, size):
    """Nets that fit on an image with their borders, and any unit of each."""
    rng = np.random.default_rng(seed)
    while count:
        layers = random_net(rng, max_layers=4, max_size=size)
        try:
            units = unit_counts(layers, size)[-1]
        except ValueError:
            continue
        yield layers, tuple(int(place) for place in rng.integers(units, size=2))
        count -= 1


def test_two_layers_by_hand():
    # along one axis the middle pixel has 3 paths, its neighbours 2, the ends 1
    paths = path_counts(chain([3, 3], [1, 1]), unit=(1, 0), size=7)
    rows, columns = [0, 1, 2, 3, 2, 1, 0], [1, 2, 3, 2, 1, 0, 0]
    np.testing.assert_array_equal(paths, np.outer(rows, columns))


def test_gradient_agrees_with_sets_on_random_nets_with_borders():
    for layers, unit in random_cases(seed=2, count=100, size=20):
        paths = path_counts(layers, unit, 20)
        np.testing.assert_array_equal(paths > 0, field_by_counting(layers, unit, 20))


def test_nan_agrees_with_sets_on_random_nets_with_borders():
    for layers, unit in random_cases(seed=3, count=25, size=14):
        seen = field_by_nan(layers, unit, 14)
        np.testing.assert_array_equal(seen, field_by_counting(layers, unit, 14))


def test_formula_sets_and_gradient_agree_on_uncut_units():
    rng = np.random.default_rng(4)
    for _ in range(60):
        layers = random_net(rng)
        m, s = [v.kernel for v in layers], [v.stride for v in layers]
        size, unit = uncut(layers)
        rows = np.flatnonzero(path_counts(layers, (unit, unit), size).any(axis=1))
        extent = rows[-1] - rows[0] + 1
        assert extent == measured_size(layers) == receptive_field(m, s, len(layers))


def test_gradient_sees_through_dilation():
    layers = [Layer(3, dilation=2), Layer(3, dilation=3)]
    paths = path_counts(layers, (1, 1), 16)
    np.testing.assert_array_equal(paths > 0, field_by_counting(layers, (1, 1), 16))


def test_paths_are_exact_integers_in_a_deep_net():
    layers = chain([3] * 12, [1] * 12)
    paths = path_counts(layers, (0, 0), 25)
    assert paths.sum() == 9**12  # every path of 12 steps with 9 choices each
    assert paths[0, 0] == 1.0


def test_blind_pixels_may_change_without_any_effect():
    layers = chain([3, 3], [4, 1])
    seen = coverage(layers, 32) > 0
    x = np.random.default_rng(5).standard_normal((1, 3, 32, 32))
    painted = x.copy()
    painted[:, :, ~seen, :] = 1e6
    painted[:, :, :, ~seen] = 1e6
    np.testing.assert_array_equal(forward(layers, x), forward(layers, painted))
    painted[0, 0, 0, 0] += 1.0  # a pixel that is seen
    assert (forward(layers, x) != forward(layers, painted)).any()


def test_forward_pools_by_maximum_and_keeps_its_input():
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    before = x.copy()
    out = forward([Layer(2, 2, kind="pool")], x)
    np.testing.assert_array_equal(out[0, 0], [[5.0, 7.0], [13.0, 15.0]])
    np.testing.assert_array_equal(x, before)


def test_forward_is_seeded():
    layers, x = chain([3], [1]), np.ones((1, 2, 5, 5))
    np.testing.assert_array_equal(forward(layers, x), forward(layers, x))
    assert (forward(layers, x) != forward(layers, x, seed=1)).any()
    assert forward(layers, x, num_filters=7).shape == (1, 7, 3, 3)


def test_random_nets_vary_and_respect_the_limits():
    rng = np.random.default_rng(6)
    nets = [random_net(rng, max_layers=3, max_size=12) for _ in range(100)]
    assert {len(net) for net in nets} == {1, 2, 3}
    assert {layer.kind for net in nets for layer in net} == {"conv", "pool"}
    assert max(measured_size(net) for net in nets) <= 12


@pytest.mark.parametrize("probe", [path_counts, field_by_nan])
def test_a_unit_that_does_not_exist_is_refused(probe):
    with pytest.raises(ValueError, match=r"unit is \(0, 6\), .* a column below 6"):
        probe(chain([3], [1]), (0, 6), 8)
    with pytest.raises(ValueError, match="must fit inside"):
        probe(chain([9], [1]), (0, 0), 8)


def test_dilated_layers_cannot_be_run():
    with pytest.raises(ValueError, match=r"Layer 1 \(3x3 conv, dilation 2\)"):
        field_by_nan([Layer(3, dilation=2)], (0, 0), 8)
