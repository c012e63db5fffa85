"""Receptive fields that others have published; each test names its variant."""

import pytest

from utils.receptive_field import (
    Layer,
    along,
    chain,
    describe,
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


VGG_16 = [(3, 1, 1), (3, 1, 1), (2, 2, 0)] * 2 + [*[(3, 1, 1)] * 3, (2, 2, 0)] * 3


def test_every_layer_of_vgg16_and_the_place_of_the_last_poolings():
    rows = geometry([Layer(*msp) for msp in VGG_16], 224)
    sizes = [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]
    assert [row.size for row in rows] == sizes
    assert rows[-1][2:] == (212, 32, -90)
    vgg_a = [(3, 1, 1), (2, 2, 0)] * 2 + [(3, 1, 1), (3, 1, 1), (2, 2, 0)] * 3
    assert geometry([Layer(*msp) for msp in vgg_a], 224)[-1][2:] == (150, 32, -59)


def slim(net, image):
    """Lay out a path of TF-Slim: the padding of "SAME" depends on the image.

    "SAME" gives as many units as size / stride, rounded up, with the odd zero at the
    end; "FIXED" pads by what the window has more than 1; "VALID" does not pad.
    """
    layers, size = [], image
    for m, s, padding in net:
        zeros = max((-(-size // s) - 1) * s + m - size, 0)
        zeros = {"SAME": zeros, "FIXED": m - 1, "VALID": 0}[padding]
        layers.append(Layer(m, s, (zeros // 2, zeros - zeros // 2) * 2))
        size = layers[-1].count(size)
    return layers


def mobilenet_v1():
    strides = [2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    return [(3, stride, "SAME") for stride in strides]


TWICE = [(3, 1, "SAME")] * 2
DOWN = [(3, 1, "SAME"), (3, 2, "VALID")]
STEM = [(3, 2, "VALID"), (3, 1, "VALID"), (3, 1, "SAME"), (3, 2, "VALID")]


def inception_v2():
    down = [(3, 1, "SAME"), (3, 2, "SAME")]
    stem = [(7, 2, "SAME"), (3, 2, "SAME"), (3, 1, "SAME"), (3, 2, "SAME")]
    return stem + TWICE * 2 + down + TWICE * 4 + down + TWICE * 2


def inception_v3():
    seven = [(7, 1, "SAME")]
    net = STEM + [(3, 1, "VALID"), (3, 2, "VALID")] + TWICE * 3 + DOWN
    return net + seven * 8 + [*seven, (3, 2, "VALID")] + TWICE * 2


def inception_v4():
    seven = [(7, 1, "SAME")]
    net = STEM + [*seven, (3, 1, "VALID"), (3, 2, "VALID")] + TWICE * 4 + DOWN
    return net + seven * 14 + [*seven, (3, 2, "VALID")] + TWICE * 3


def inception_resnet_v2():
    net = STEM + [(3, 1, "VALID"), (3, 2, "VALID"), (5, 1, "SAME")] + TWICE * 10 + DOWN
    return net + [(7, 1, "SAME")] * 20 + DOWN + [(3, 1, "SAME")] * 10


def resnet_v1(*blocks):
    """The stride stands in the last unit of blocks 1 to 3."""
    net = [(7, 2, "FIXED"), (3, 2, "SAME")]
    for block, units in enumerate(blocks):
        net += [(3, 1, "FIXED")] * (units - 1)
        net += [(3, 2 if block < 3 else 1, "FIXED")]
    return net


@pytest.mark.parametrize(
    ("name", "net", "image", "size", "padding"),
    [
        ("mobilenet_v1", mobilenet_v1(), 224, 315, 126),
        ("mobilenet_v1", mobilenet_v1(), 321, 315, 157),
        ("inception_v2", inception_v2(), 224, 699, 318),
        ("inception_v3", inception_v3(), 299, 1311, 618),
        ("inception_v4", inception_v4(), 299, 2071, 998),
        ("inception_resnet_v2", inception_resnet_v2(), 299, 3039, 1482),
        ("resnet_v1_50", resnet_v1(3, 4, 6, 3), 224, 483, 239),
        ("resnet_v1_101", resnet_v1(3, 4, 23, 3), 224, 1027, 511),
        ("resnet_v1_152", resnet_v1(3, 8, 36, 3), 224, 1507, 751),
        ("resnet_v1_200", resnet_v1(3, 24, 36, 3), 224, 1763, 879),
    ],
)
def test_the_longest_paths_of_tf_slim(name, net, image, size, padding):
    """The table of Araujo et al. (2019); windows of 1 x 1 with stride 1 left out."""
    field = describe(slim(net, image))
    assert (field.size, field.step, -field.first) == (size, 32, padding), name


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
