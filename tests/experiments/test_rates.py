import pytest

from tests.experiments.small import TINY, make_data
from tests.kernels.engine import needs_compiler
from utils.experiments import rates
from utils.optim import AdamW, Muon, Nesterov, constant


@pytest.mark.parametrize(
    ("name", "kind"), [("SGD", Nesterov), ("Adam", AdamW), ("Muon", Muon)]
)
def test_the_filters_move_at_the_rate_that_is_looked_for(name, kind):
    optimizer = rates.optimizer_for(name, TINY, constant(0.125))
    first = optimizer._groups[0]
    assert isinstance(first.method, kind) and first.rate_at(0.3) == 0.125
    others = [group.rate_at(0.3) for group in optimizer._groups[1:]]
    expected = [20 * TINY.head_rate, 20 * TINY.bias_rate] if name == "Muon" else []
    assert others == expected


@needs_compiler
def test_all_three_optimisers_find_a_rate():
    found = rates.find_rates(make_data(), TINY, num_steps=20)
    assert list(found) == ["SGD", "Adam", "Muon"]
    for name, finding in found.items():
        lowest, highest = rates.RANGES[name]
        assert finding.rates[0] == pytest.approx(lowest)
        assert finding.rates[-1] <= highest * 1.001
        assert min(finding.smooth) < finding.smooth[0]
    first = [finding.losses[0] for finding in found.values()]
    assert first[0] == first[1] == first[2]  # the same network and the same batch
