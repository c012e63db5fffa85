import doctest
import math

import numpy as np
import pytest

from utils.exercises import receptive_field as module
from utils.exercises.receptive_field import receptive_field

ALEXNET = [(11, 4), (3, 2), (5, 1), (3, 2), (3, 1), (3, 1), (3, 1), (3, 2)]
ALEXNET_SIZES = [11, 19, 51, 67, 99, 131, 163, 195]
POOL = (2, 2)
CONV = (3, 1)
VGG16 = [CONV, CONV, POOL] * 2 + [CONV, CONV, CONV, POOL] * 3
VGG16_SIZES = [3, 5, 6, 10, 14, 16, 24, 32, 40, 44, 60, 76, 92, 100, 132, 164, 196, 212]


def test_two_layers_by_hand():
    # windows of 3 pixels at 0, 2, 4: the last one ends at 4 + 2, so pixels 0 to 6
    assert receptive_field([3, 3], [2, 1], 2) == 7
    # and the fourth layer-1 unit would start at 6: 0 .. 8
    assert receptive_field([3, 4], [2, 1], 2) == 9


@pytest.mark.parametrize(
    ("kernel_sizes", "strides", "sizes"),
    [
        ((5, 3, 3), (1, 1, 1), (5, 7, 9)),
        ((5, 3, 3), (2, 1, 1), (5, 9, 13)),
        ((5, 3, 3), (2, 2, 1), (5, 9, 17)),
        ((5, 3, 3), (2, 2, 2), (5, 9, 17)),
        ((3, 3, 3), (3, 3, 3), (3, 9, 27)),
        ((7, 5, 3), (1, 1, 1), (7, 11, 13)),
        ((2, 3, 4), (3, 4, 2), (2, 8, 44)),
        ((1, 1), (4, 4), (1, 1)),
    ],
)
def test_every_layer_of_small_nets(kernel_sizes, strides, sizes):
    found = [
        receptive_field(kernel_sizes, strides, k) for k in range(1, len(sizes) + 1)
    ]
    assert found == list(sizes)


@pytest.mark.parametrize(
    ("net", "sizes"), [(ALEXNET, ALEXNET_SIZES), (VGG16, VGG16_SIZES)]
)
def test_published_nets(net, sizes):
    m, s = zip(*net, strict=True)
    assert [receptive_field(m, s, k) for k in range(1, len(net) + 1)] == sizes


def last_position(m, s, unit, k):
    """Walk the right edge of a unit's window down to the image."""
    for j in reversed(range(k)):
        unit = unit * s[j] + m[j] - 1
    return unit


def test_random_nets_against_a_walk_down():
    rng = np.random.default_rng(0)
    for _ in range(200):
        n = rng.integers(1, 8)
        m, s = rng.integers(1, 12, n), rng.integers(1, 6, n)
        for k in range(1, n + 1):
            expected = last_position(m, s, 0, k) + 1  # unit 0 starts at pixel 0
            assert receptive_field(m, s, k) == expected


def test_stacking_two_nets_composes():
    a, b = ([3, 2, 5], [2, 3, 1]), ([4, 3], [2, 2])
    r_a, r_b = receptive_field(*a, 3), receptive_field(*b, 2)
    stacked = receptive_field(a[0] + b[0], a[1] + b[1], 5)
    assert stacked == r_a + math.prod(a[1]) * (r_b - 1)


def test_neither_the_own_stride_nor_later_layers_matter():
    assert receptive_field([3, 5, 7], [2, 9, 9], 2) == receptive_field(
        [3, 5], [2, 1], 2
    )


def test_inputs_may_be_tuples_or_arrays_and_stay_as_they_are():
    m, s = [3, 5], [2, 1]
    expected = receptive_field(m, s, 2)
    assert (m, s) == ([3, 5], [2, 1])
    found = receptive_field(np.array(m, np.int8), np.array(s, np.int8), np.int64(2))
    assert found == receptive_field((3, 5), (2, 1), 2) == expected
    assert type(found) is int


def test_large_nets_do_not_overflow():
    m, s = np.full(64, 2, np.int8), np.full(64, 2, np.int8)
    assert receptive_field(m, s, 64) == 2**64  # 1 + (1 + 2 + ... + 2^63)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([3], [1, 1], 1), "kernel_sizes has 1 entries and strides has 2"),
        (([3, 3], [1, 1], 0), "k is 0, expected an int from 1 to 2"),
        (([3, 3], [1, 1], 3), "k is 3, expected an int from 1 to 2"),
        (([3, 3], [1, 1], 1.0), "k is 1.0, expected"),
        (([3, 3], [1, 1], True), "k is True, expected"),
        (([3, 0], [1, 1], 1), "kernel_sizes has 0 for layer 2"),
        (([3, 3], [1, -1], 1), "strides has -1 for layer 2"),
        (([3, 2.5], [1, 1], 1), "kernel_sizes has 2.5 for layer 2"),
        (([], [], 1), "k is 1, expected an int from 1 to 0"),
    ],
)
def test_errors_are_sentences(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        receptive_field(*arguments)


def test_examples_in_the_docstring():
    result = doctest.testmod(module)
    assert result.attempted >= 2
    assert result.failed == 0
