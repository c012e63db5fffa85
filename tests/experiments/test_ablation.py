import numpy as np
import pytest

from tests.experiments.small import TINY, make_data
from tests.kernels.engine import needs_compiler
from utils import network
from utils.experiments import ablation
from utils.experiments.ablation import VARIANTS, Variant, make_layers, optimizer_of
from utils.optim import AdamW, Muon, Nesterov


def test_the_first_variant_is_the_recipe_and_each_name_fits_a_figure():
    assert next(iter(VARIANTS.values())) == Variant()
    assert max(map(len, VARIANTS)) <= 28
    assert len(set(map(str, VARIANTS.values()))) == len(VARIANTS)  # all differ


def test_layers_of_variants_lack_what_their_names_say():
    base = make_layers(Variant(), TINY)
    assert isinstance(base[0], network.Whiten)
    trained = make_layers(Variant(without="whitening"), TINY)
    assert trained[0] == network.Conv(24, 2) and trained[1:] == base[1:]
    norms = [type(one) for one in base].count(network.BatchNorm)
    without = make_layers(Variant(without="batchnorm"), TINY)
    assert norms == 6 and len(without) == len(base) - 6
    starts = {
        name: {one.start for one in made if isinstance(one, network.Conv)}
        for name, made in (
            ("all", base),
            ("none", make_layers(Variant(without="dirac"), TINY)),
        )
    }
    assert starts == {"all": {"dirac"}, "none": {"uniform"}}


@pytest.mark.parametrize(
    ("name", "kind"), [("muon", Muon), ("sgd", Nesterov), ("adamw", AdamW)]
)
def test_only_the_filters_change_their_optimiser(name, kind):
    optimizer = optimizer_of(Variant(optimizer=name, rate=0.3), TINY)
    net = network.ConvNet(make_layers(Variant(), TINY))
    optimizer.bind(net.params, {key: net.filters(key) for key in net.params})
    assert set(optimizer.groups["conv*.w"]) == {f"conv{k}.w" for k in range(1, 7)}
    methods = {group.name: group.method for group in optimizer._groups}
    assert isinstance(methods["conv*.w"], kind)
    rates = optimizer.rates(0.0)
    assert rates["conv*.w"] == 0.3
    recipe = optimizer_of(Variant(), TINY).rates(0.0)
    for key in ("affine1.w", "whiten1.b", "*"):
        assert rates[key] == pytest.approx(recipe[key])
        assert isinstance(methods[key], Nesterov)


@needs_compiler
def test_every_variant_trains_and_is_measured():
    data, lines = make_data(), []
    few = {
        "all": Variant(),
        "sgd": Variant(without="whitening", optimizer="sgd", rate=0.3),
        "average": Variant({"label_smoothing": 0.0, "ghost": 10}, averaging=True),
        "plain": Variant(without="batchnorm", rate=0.05),
    }
    results = ablation.run(data, 2, few, TINY, report=lines.append)
    assert list(results) == list(few) and len(lines) == len(few)
    for rows in results.values():
        assert [row["seed"] for row in rows] == [0, 1]
        assert all(0 <= row["accuracy"] <= 1 and row["seconds"] > 0 for row in rows)
    assert np.mean([row["accuracy"] for row in results["all"]]) > 0.6


def test_the_table_is_mean_difference_and_its_error():
    accuracies = {"a": (0.7, 0.9), "b": (0.5,), "c": (0.8, 0.9, 1.0)}
    rows = {
        name: [{"accuracy": value} for value in values]
        for name, values in accuracies.items()
    }
    found = ablation.table(rows)
    # Variances of the means: 200 / 2, unknown, 100 / 3.
    assert found["a"] == pytest.approx((80, 0, 0))
    assert found["b"] == pytest.approx((50, -30, 10))
    assert found["c"] == pytest.approx((90, 10, (100 + 100 / 3) ** 0.5))
