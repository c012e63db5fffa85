import numpy as np

from tests.experiments.small import TINY, make_data
from tests.kernels.engine import needs_compiler
from utils.experiments import sizes
from utils.network import ConvNet
from utils.network.summary import training_flops
from utils.recipes import layers


def test_steps_are_what_the_operations_allow():
    net = ConvNet(layers(TINY))
    small, large = (training_flops(net.parts, (), (3, s, s)) for s in (20, 32))
    assert sizes.steps_for(500 * large, ((0.0, 32),), net, 50) == 10
    mixed = ((0.0, 20), (0.75, 32))
    flops = 50 * (30 * small + 10 * large)
    assert sizes.steps_for(flops, mixed, net, 50) == 40
    assert sizes.steps_for(1.0, mixed, net, 50) == 1  # never none


@needs_compiler
def test_curves_say_when_which_size_was_measured():
    orders = {"one": ((0.0, 20),), "two": ((0.0, 18), (0.5, 20))}
    cost = training_flops(ConvNet(layers(TINY)).parts, (), (3, 20, 20))
    lines = []
    found = sizes.run(make_data(), 2, orders, 24 * 20 * cost, TINY, report=lines.append)
    assert list(found) == ["one", "two"] and len(lines) == 2
    assert [len(curves) for curves in found.values()] == [2, 2]
    curve = found["one"][0]
    assert curve["step"] == list(range(2, 25, 2))
    assert set(curve["size"]) == {20}
    assert curve["seconds"][0] > 0 and np.all(np.diff(curve["seconds"]) > 0)
    curve = found["two"][1]
    total = curve["step"][-1]
    assert total > 24  # small images are cheaper
    for step, size in zip(curve["step"], curve["size"], strict=True):
        assert size == (18 if (step - 1) / total < 0.5 else 20)
    assert curve["accuracy"][-1] > 0.6
