"""Receptive fields that others have published; each test names its variant."""

import pytest

from utils.receptive_field import (
    Layer,
    along,
    chain,
    geometry,
    measured_size,
    span,
)

ALEXNET = [
    Layer(11, 4),
    Layer(3, 2, kind="pool"),
    Layer(5, 1, 2),
    Layer(3, 2, kind="pool"),
    *[Layer(3, 1, 1)] * 3,
    Layer(3, 2, kind="pool"),
]


# kernel, stride of every layer up to the one asked about -> side length there
CHAINS = {
    "LeNet-5": ([(5, 1), (2, 2), (5, 1), (2, 2), (5, 1)], [5, 6, 14, 16, 32]),
    "VGG-11, last pooling": (
        [(3, 1), (2, 2)] * 2 + [(3, 1), (3, 1), (2, 2)] * 3,
        150,
    ),
    "VGG-16, fc6": (
        [(3, 1), (3, 1), (2, 2)] * 2
        + [(3, 1)] * 3
        + [(2, 2)]
        + [(3, 1)] * 3
        + [(2, 2)]
        + [(3, 1)] * 3
        + [(2, 2), (7, 1)],
        404,
    ),
    "VGG-19, last pooling": (
        [(3, 1), (3, 1), (2, 2)] * 2 + ([(3, 1)] * 4 + [(2, 2)]) * 3,
        268,
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_published_chains(name):
    net, expected = CHAINS[name]
    layers = [Layer(*pair) for pair in net]
    if isinstance(expected, list):
        found = [measured_size(layers[:k]) for k in range(1, len(layers) + 1)]
    else:
        found = measured_size(layers)
    assert found == expected


def test_dilated_nets_as_published():
    wavenet = [Layer(2, dilation=2**k) for k in range(10)]  # van den Oord et al. (2016)
    assert measured_size(wavenet) == 1024
    # the context module of Yu and Koltun (2016)
    context = [Layer(3, dilation=d) for d in (1, 1, 2, 4, 8, 16, 1)] + [Layer(1)]
    found = [measured_size(context[:k]) for k in range(1, 9)]
    assert found == [3, 5, 9, 17, 33, 65, 67, 67]


def test_mobilenet_v1_depends_on_where_same_padding_puts_its_zeros():
    strides = [2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    for image, first in ((224, -126), (321, -157)):
        layers, size = [], image
        for stride in strides:  # "SAME": as many units as size / stride, rounded up
            zeros = max((-(-size // stride) - 1) * stride + 3 - size, 0)
            before = zeros // 2
            layers.append(Layer(3, stride, (before, zeros - before) * 2))
            size = layers[-1].count(size)
        row = geometry(layers, image)[-1]
        assert (row.size, row.step, row.first) == (315, 32, first)


INCEPTION_V3 = (
    [(3, 2, 0), (3, 1, 0), (3, 1, 1), (3, 2, 0), (1, 1, 0), (3, 1, 0), (3, 2, 0)]
    + [(1, 1, 0), (3, 1, 1), (3, 1, 1)] * 3
    + [(1, 1, 0), (3, 1, 1), (3, 2, 0)]
    + [(1, 1, 0), (7, 1, 3), (7, 1, 3)] * 4
    + [(1, 1, 0), (7, 1, 3), (3, 2, 0)]
    + [(1, 1, 0), (3, 1, 1), (3, 1, 1)] * 2
)


def test_the_longest_path_of_inception_v3():
    row = geometry([Layer(*msp) for msp in INCEPTION_V3], 299)[-1]
    assert (row.size, row.step, row.first) == (1311, 32, -618)


def test_regions_of_single_units_as_published():
    torchvision = [Layer(11, 4, 2), *ALEXNET[1:]]  # pads its first layer by 2
    rows = geometry(torchvision, 224)
    assert [-row.first for row in rows] == [2, 2, 18, 18, 34, 50, 66, 66]
    assert span(torchvision[:5], 6) == (62, 160)
    # the net of a README, which prints one pixel too few: 48 and 42
    older = [Layer((7, 1), 3), Layer(5, pad=1), Layer(3, pad=1), Layer(3), Layer(7)]
    assert span(along(older, 0), 3) == (3, 51)
    assert span(along(older, 1), 10) == (24, 66)
    # Araujo et al. (2019), figure 3
    assert span(chain([3, 2], [3, 1], [1, 0]), 0) == (-1, 4)
