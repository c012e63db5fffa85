import numpy as np
import pytest

from tests.kernels.engine import needs_compiler
from utils import kernels, network
from utils.recipes import RECIPES, accuracy, count_flops, layers, make_optimizer, train
from utils.recipes.training import warm_up

pytestmark = needs_compiler

TINY = RECIPES["fast65"]._replace(
    widths=(16, 16, 16),
    batch_size=20,
    epochs=2.0,
    sizes=((0.0, 18), (0.5, 20)),
    whitening_until=0.25,
)


@pytest.fixture(scope="module")
def data():
    """Pictures whose class can be seen: the lightest third is red, green or blue."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 200)
    X = rng.integers(0, 90, (200, 3, 32, 32), np.uint8)
    X[np.arange(200), y] += 120
    parts = {"X_train": X[:160], "y_train": y[:160], "X_val": X[160:], "y_val": y[160:]}
    return parts


def test_a_recipe_learns_what_can_be_seen(data):
    result = train(TINY, data)
    assert accuracy(TINY, result.net, data["X_val"], data["y_val"]) > 0.9
    assert accuracy(TINY, result.net, data["X_val"], data["y_val"], "mirror") > 0.9
    assert result.epochs == 2 and result.solver.step == 16
    assert 0 < result.train_seconds < result.train_seconds + result.compile_seconds
    assert result.solver.val_acc_history == []  # nothing was measured on the way


def test_equal_seeds_give_equal_networks(data):
    first, same, other = (
        train(TINY, data, seed).net.state_dict() for seed in (1, 1, 2)
    )
    for name, array in first.items():
        np.testing.assert_array_equal(array, same[name])
    assert (first["conv1.w"] != other["conv1.w"]).any()


def test_the_last_network_is_given_whoever_watches(data, tmp_path):
    last = train(TINY, data).net.state_dict()
    how = {"checkpoint": tmp_path / "run", "evaluate": "epoch"}
    for _ in range(2):  # the second time nothing is left to train
        found = train(TINY, data, **how).net.state_dict()
        for name, array in last.items():
            np.testing.assert_array_equal(array, found[name])


def test_another_number_of_threads_is_refused(data):
    count = kernels.threads.count() + 1
    with pytest.raises(ValueError, match=f"threads is {count}, but .* UTILS_THREADS"):
        train(TINY, data, threads=count)


def test_warming_up_leaves_no_trace(data):
    net, optimizer = network.ConvNet(layers(TINY)), make_optimizer(TINY)
    from utils.augment import Augment

    before = net.state_dict()
    warm_up(net, optimizer, Augment(0), data, TINY, ((0.25, "whiten1.b"),))
    after = net.state_dict()
    assert all((before[name] == after[name]).all() for name in before)
    assert net.frozen == set()


def test_rates_are_those_of_the_source():
    recipe = RECIPES["published94"]
    optimizer = make_optimizer(recipe)
    net = network.ConvNet(layers(recipe._replace(widths=(16, 16, 16))))
    optimizer.bind(net.params)
    rates = optimizer.rates(0.0)
    assert rates["conv*.w"] == 0.24
    # The source sums the loss over 2000 images where we take the mean.
    assert rates["affine1.w"] == pytest.approx(0.67 * 2000)
    assert rates["*"] == rates["whiten1.b"] == pytest.approx(0.053 * 2000)
    assert optimizer.rates(0.375)["whiten1.b"] == 0
    assert optimizer.rates(0.5)["conv*.w"] == pytest.approx(0.12)
    for group in optimizer.groups:
        assert group in ("conv*.w", "affine1.w", "whiten1.b", "*")


@pytest.mark.parametrize(
    ("widths", "forward", "training"),
    [((64, 256, 256), 236.3, 681.2), ((64, 128, 128), 108.4, 297.7)],
)
def test_operations_are_counted_as_the_authors_do(widths, forward, training):
    recipe = RECIPES["published94"]._replace(widths=widths, whitening_until=0.0)
    net = network.ConvNet(layers(recipe))
    assert net.summary().flops / 1e6 == pytest.approx(forward, abs=0.1)
    flops = count_flops(net, recipe, 3) / (3 * 2000)
    assert flops / 1e6 == pytest.approx(training, abs=0.1)


def test_frozen_layers_cost_less():
    recipe = RECIPES["published94"]._replace(whitening_until=0.0)
    net = network.ConvNet(layers(recipe))
    frozen = recipe._replace(freeze=((0.0, "conv1.w"),))
    whole = count_flops(net, recipe, 1)
    gone = whole - count_flops(net, frozen, 1)
    assert gone / 2000 == 2 * 24 * 9 * 64 * 31 * 31
