"""Tables against numbers worked out by hand and those of published networks."""

import pytest

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
    Residual,
    Scale,
    StopGradient,
    Whiten,
)
from utils.network.parts import arrange
from utils.network.summary import Summary, flops, training_flops


def airbench(*widths):
    """Give the network of Jordan (2024)."""
    layers = [Whiten(), Gelu()]
    for width in widths:
        layers += [Conv(width), MaxPool(), BatchNorm(scale=False, eps=1e-12), Gelu()]
        layers += [Conv(width), BatchNorm(scale=False, eps=1e-12), Gelu()]
    return [*layers, MaxPool(3), Affine(10, bias=False), Scale(1 / 9)]


PUBLISHED = {  # widths: millions of operations forward and in training; parameters
    (64, 128, 128): (108.4, 297.7, 0.57e6),
    (64, 256, 256): (236.3, 681.2, 1.97e6),
    (128, 384, 384): (603.1, 1755, 4.60e6),
}


@pytest.mark.parametrize("widths", PUBLISHED)
def test_published_networks(widths):
    parts = arrange(airbench(*widths), (3, 32, 32))
    forward, training, parameters = PUBLISHED[widths]
    assert Summary(parts).flops / 1e6 == pytest.approx(forward, abs=0.06)
    # the bias of the whitening layer is trained in the first epochs only
    frozen = {"whiten1.b"}
    assert training_flops(parts, frozen) / 1e6 == pytest.approx(training, abs=0.6)
    assert Summary(parts).parameters == pytest.approx(parameters, rel=0.01)


def test_the_parameters_of_airbench94_one_by_one():
    net = ConvNet(airbench(64, 256, 256))
    weights = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 3 * 256 * 256) + 256 * 10
    expected = weights + 24 + 2 * (64 + 256 + 256)
    assert net.summary().parameters == expected == 1_971_352
    sizes = [net.state_dict()[name].size for name in net.params]
    assert sum(sizes) == expected
    assert net.params.keys() & {"whiten1.w", "whiten1.b"} == {"whiten1.b"}


def test_airbench94_layer_by_layer():
    parts = arrange(airbench(64, 256, 256), (3, 32, 32))
    found = {part.name: flops(part) / 1e6 for part in parts if flops(part)}
    expected = {"whiten1": 0.55, "conv1": 26.6, "conv2": 16.6, "conv3": 66.4}
    expected |= {"conv4": 57.8, "conv5": 57.8, "conv6": 10.6, "affine1": 0.005}
    assert found.keys() == expected.keys()
    for name, number in expected.items():
        assert found[name] == pytest.approx(number, abs=0.06)
    assert found["conv1"] == 2 * 31 * 31 * 64 * 24 * 9 / 1e6


def test_smaller_images_cost_less():
    parts = arrange(airbench(64, 128, 128), (3, 32, 32))
    small = arrange(airbench(64, 128, 128), (3, 30, 30))
    frozen = {"whiten1.b", "conv1.w"}
    expected = training_flops(small, frozen)
    assert training_flops(parts, frozen, (3, 30, 30)) == expected
    assert expected < training_flops(parts, frozen)


SMALL = [Conv(2), BatchNorm(), Relu(), Conv(4), Relu(), Affine(5)]
A, B, C = 2 * 36 * 2 * 27, 2 * 36 * 4 * 18, 2 * 4 * 36 * 5  # forward, by hand


@pytest.mark.parametrize(
    ("frozen", "expected"),
    [
        ([], 2 * A + 3 * B + 3 * C),
        (["conv1.w"], A + 3 * B + 3 * C),
        (["conv1.w", "bn1.gamma"], A + 3 * B + 3 * C),
        (["conv1.w", "bn1.gamma", "bn1.beta"], A + 2 * B + 3 * C),
        (["conv2.w"], 2 * A + 2 * B + 3 * C),
        (["affine1.w", "affine1.b"], 2 * A + 3 * B + 2 * C),
        (["conv1.w", "conv2.w", "bn1.gamma", "bn1.beta", "conv2.b"], A + B + 2 * C),
    ],
)
def test_frozen_layers_cost_less(frozen, expected):
    parts = arrange(SMALL, (3, 6, 6))
    assert Summary(parts).flops == A + B + C
    assert training_flops(parts, frozen) == expected


def test_nothing_goes_back_through_a_stop():
    parts = arrange([*SMALL[:3], StopGradient(), *SMALL[3:]], (3, 6, 6))
    assert training_flops(parts) == A + 2 * B + 3 * C


def test_receptive_fields_by_hand():
    layers = [Conv(4, 5), Relu(), MaxPool(), Conv(4), Conv(4, stride=2), AvgPool(3)]
    summary = ConvNet([*layers, Conv(4, 1), GlobalMaxPool(), Affine(2)]).summary()
    # size + (window - 1) * step, layer by layer
    fields = [5, 5, 6, 10, 14, 22, 22, None, None]
    assert [row["field"] for row in summary.rows] == fields
    assert [row["step"] for row in summary.rows] == [1, 1, 2, 2, 4, 12, 12, None, None]
    summary = ConvNet([Whiten(), MaxPool(3, 2), Relu(), Affine(2)]).summary()
    assert [row["field"] for row in summary.rows] == [2, 4, 4, None]
    assert ConvNet([Relu(), Affine(2)]).summary().rows[0]["field"] == 1


def test_rows_of_a_residual():
    layers = [Conv(2), Residual([Conv(2), Relu(), Conv(2)]), GlobalMaxPool(), Affine(3)]
    summary = ConvNet(layers, (3, 6, 6)).summary()
    names = ["conv1", "  conv2", "  relu1", "  conv3", "residual1", "pool1", "affine1"]
    assert [row["name"] for row in summary.rows] == names
    assert [row["field"] for row in summary.rows] == [3, 5, 5, 7, 7, None, None]
    assert [row["parameters"] for row in summary.rows] == [56, 38, 0, 38, 0, 0, 9]
    assert summary.parameters == 141
    B = 2 * 36 * 2 * 18
    assert [row["flops"] for row in summary.rows] == [A, B, 0, B, 0, 0, 12]
    assert summary.flops == A + 2 * B + 12


def test_the_table():
    text = str(ConvNet([Conv(2), Relu(), GlobalMaxPool(), Affine(3)]).summary())
    assert text == repr(
        ConvNet([Conv(2), Relu(), GlobalMaxPool(), Affine(3)]).summary()
    )
    assert text.splitlines() == [
        "layer                     output       parameters  MFLOP  field  step",
        "conv1    Conv(2)          2 x 32 x 32          56   0.11      3     1",
        "relu1    Relu()           2 x 32 x 32                         3     1",
        "pool1    GlobalMaxPool()  2                                 all",
        "affine1  Affine(3)        3                     9   0.00    all",
        "sum                                            65   0.11",
    ]


def test_a_layer_with_much_to_say_takes_more_lines_not_longer_ones():
    norm = BatchNorm(scale=False, eps=1e-12, momentum=0.6)
    head = [GlobalMaxPool(), Affine(10, bias=False, start="unit")]
    layers = [Whiten(2), Conv(256), norm, Residual([Conv(256), norm]), *head]
    lines = str(ConvNet(layers).summary()).splitlines()
    assert max(map(len, lines)) <= 88
    assert len(lines) == 1 + 8 + 3 + 1  # header, layers, what goes on below, sum
    begin = next(k for k, line in enumerate(lines) if line.startswith("bn1"))
    first, second = lines[begin : begin + 2]
    assert "BatchNorm(scale=False,   " in first and first.endswith("4     1")
    assert second.strip() == "eps=1e-12, momentum=0.6)"
