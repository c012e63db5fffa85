import doctest

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from utils.receptive_field import (
    Layer,
    along,
    ancestry,
    chain,
    coverage,
    geometry,
    largest_gap,
    measured_size,
    pixels,
    span,
    uncut,
    unit_counts,
)
from utils.receptive_field import sets as module
from utils.shapes import output_size

ALEXNET = [
    Layer(11, 4),
    Layer(3, 2, kind="pool"),
    Layer(5, 1, 2),
    Layer(3, 2, kind="pool"),
    *[Layer(3, 1, 1)] * 3,
    Layer(3, 2, kind="pool"),
]


def random_layers(rng):
    """Small nets, dilated ones too; drawn here to be independent of the package."""
    layers = []
    for _ in range(rng.integers(1, 5)):
        m, s, d = (int(v) for v in rng.integers(1, 4, 3))
        layers.append(Layer(m, s, int(rng.integers(0, m + 1)), d))
    return layers


def reading_matrix(layer, size):
    """1 where a unit (row) reads a position (column) of the padded axis, unpadded."""
    padded = size + 2 * layer.pad
    units = output_size(size, layer.reach + 1, layer.stride, layer.pad)
    matrix = np.zeros((units, padded), dtype=int)
    for unit in range(units):
        for tap in range(layer.kernel):
            matrix[unit, unit * layer.stride + tap * layer.dilation] = 1
    return matrix[:, layer.pad : layer.pad + size]


def path_matrix(layers, size):
    """Paths from each pixel (column) to each unit (row), by matrix products."""
    matrix = np.eye(size, dtype=int)
    for layer in layers:
        matrix = reading_matrix(layer, len(matrix)) @ matrix
    return matrix


def random_cases(count):
    rng = np.random.default_rng(1)
    while count:
        layers, size = random_layers(rng), int(rng.integers(1, 40))
        try:
            unit_counts(layers, size)
        except ValueError:
            continue
        yield layers, size
        count -= 1


def test_two_layers_by_hand():
    layers = chain([3, 3], [2, 2], [0, 1])
    # 8 pixels: windows at 0, 2, 4, so 3 units; padded to 5: windows at 0, 2 again
    assert unit_counts(layers, 8) == [8, 3, 2]
    # unit 1 reads layer-1 units 1, 2 and a zero; these read 2..4 and 4..6
    assert ancestry(layers, 1, 8) == [[2, 3, 4, 5, 6], [1, 2], [1]]
    # without a border the zero would be unit 3, which reads 6..8
    assert span(layers, 1) == (2, 8)
    # pixel 7 is in the image and inside the span, but no unit sees it
    assert coverage(layers, 8).tolist() == [1, 1, 2, 2, 2, 1, 1, 0]


def test_counts_agree_with_the_shape_formula():
    for layers, size in random_cases(300):
        counts = unit_counts(layers, size)
        for layer, below, count in zip(layers, counts, counts[1:], strict=False):
            window = layer.reach + 1
            assert count == output_size(below, window, layer.stride, layer.pad)


def test_pixels_and_coverage_agree_with_matrix_products():
    for layers, size in random_cases(300):
        sees = path_matrix(layers, size) > 0
        found = [pixels(layers, unit, size) for unit in range(len(sees))]
        assert found == [np.flatnonzero(row).tolist() for row in sees]
        np.testing.assert_array_equal(coverage(layers, size), sees.sum(axis=0))


def test_measured_size_is_the_extent_of_an_uncut_unit():
    for layers, _ in random_cases(100):
        size, unit = uncut(layers)
        seen = pixels(layers, unit, size)
        assert seen[-1] - seen[0] + 1 == measured_size(layers)
        assert ancestry(layers, unit, size) == ancestry(layers, unit)


def test_uncut_finds_the_smallest_image():
    # unit 1 is the first that reads no zero; it needs pixels 0..2 and a unit 1: 2 or
    # more pixels, 3 for its window
    assert uncut([Layer(3, 1, 1)]) == (3, 1)
    assert uncut(chain([3, 3], [2, 1])) == (7, 0)


def test_alexnet_is_blind_on_224_pixels_and_not_on_227():
    assert np.flatnonzero(coverage(ALEXNET, 224) == 0).tolist() == [*range(219, 224)]
    assert coverage(ALEXNET, 227).min() > 0


def test_dilation_leaves_holes_and_moves_the_centre():
    layers = [Layer(3, 1, 0, dilation=2)] * 3
    assert pixels(layers, 5, 32) == [5, 7, 9, 11, 13, 15, 17]
    assert coverage(layers, 32).min() > 0
    assert geometry([Layer(3, dilation=2)], 9)[0].centre == 2
    assert measured_size([Layer(3, dilation=d) for d in (1, 2, 4)]) == 15


POOL = Layer(2, 2, kind="pool")


@pytest.mark.parametrize(
    ("layers", "size", "products", "units", "blind"),
    [
        ([Layer(3)] * 3, 7, 21240, 26, 0),
        ([Layer(3)] * 4, 9, 26424, 24, 0),
        ([Layer(5)] * 3, 13, 44000, 20, 0),
        ([Layer(3, 2), Layer(3, 2), Layer(3)], 15, 2691, 5, 1),
        ([Layer(3), POOL, Layer(3), POOL, Layer(3)], 18, 9765, 4, 2),
        ([Layer(3, dilation=d) for d in (1, 2, 4)], 15, 17100, 18, 0),
    ],
)
def test_the_table_of_part_e(layers, size, products, units, blind):
    assert measured_size(layers) == size
    _, *counts = unit_counts(layers, 32)
    assert counts[-1] == units
    pairs = zip(layers, counts, strict=True)
    convs = [(one.kernel * n) ** 2 for one, n in pairs if one.kind == "conv"]
    assert sum(convs) == products
    assert np.sum(coverage(layers, 32) == 0) == blind


@st.composite
def dense_nets(draw):
    """Nets without dilation; holes come from strides alone."""
    pairs = st.tuples(st.integers(1, 4), st.integers(1, 4))
    return chain(*zip(*draw(st.lists(pairs, min_size=1, max_size=4)), strict=True))


@settings(max_examples=60)
@given(dense_nets())
def test_the_largest_gap_is_that_of_the_sets(layers):
    seen = ancestry(layers, 0)[0]
    assert largest_gap(layers) == max(np.diff(seen), default=0)
    many = set().union(*(ancestry(layers, unit)[0] for unit in range(20)))
    inside = [pixel for pixel in sorted(many) if pixel < span(layers, 19)[0]]
    if len(inside) > 20:  # units far from either end
        assert largest_gap(layers, "all") == max(np.diff(inside))


def test_gaps_by_hand():
    # a 3x3 layer below fills what a stride of 2 leaves open above, but not of 4
    assert largest_gap(chain([3, 1], [1, 2]), "all") == 1
    assert largest_gap(chain([3, 1], [1, 4]), "all") == 2
    # windows of one pixel, two apart, read three at a time: holes inside the field
    assert largest_gap(chain([1, 3], [2, 1])) == 2
    assert largest_gap([Layer(1)]) == 0


def test_each_axis_of_a_rectangular_net():
    layers = [
        Layer((3, 5), (2, 1), (1, 2)),
        Layer(2, 2, kind="pool"),
        Layer(3, dilation=(2, 1)),
    ]
    rows, columns = along(layers, 0), along(layers, 1)
    assert unit_counts(rows, 32) == [32, 16, 8, 4]
    assert unit_counts(columns, 32) == [32, 32, 16, 14]
    for net, sizes, steps, firsts in (
        (rows, [3, 5, 21], [2, 4, 4], [-1, -1, -1]),
        (columns, [5, 6, 10], [1, 2, 2], [-2, -2, -2]),
    ):
        found = geometry(net, 32)
        assert [row.size for row in found] == sizes
        assert [row.step for row in found] == steps
        assert [row.first for row in found] == firsts
    assert span(rows, 2) == (7, 27) and len(pixels(rows, 2, 32)) == 15
    assert span(columns, 7) == (12, 21)
    assert span(columns, 13) == (24, 33) and pixels(columns, 13, 32)[-1] == 31
    assert pixels(rows, 0, 32)[-1] == 19 and len(pixels(rows, 0, 32)) == 14
    assert pixels(columns, 0, 32) == [*range(8)]


def test_pads_may_differ_at_both_ends():
    layers = [Layer(5, 2, (2, 1, 2, 1))]
    assert unit_counts(layers, 8) == [8, 4]
    seen = [pixels(layers, unit, 8) for unit in range(4)]
    assert [(one[0], one[-1]) for one in seen] == [(0, 2), (0, 4), (2, 6), (4, 7)]


def test_a_border_hides_pixels_behind_inner_padding():
    layers = chain([2, 2], [2, 2], [0, 1])
    assert span(layers, 14) == (54, 57)
    assert pixels(layers, 14, 57) == [54, 55]


@pytest.mark.parametrize(
    ("m", "s", "share"),
    [
        ([1], [2], 0.25),
        ([2], [3], 0.473),
        ([3], [4], 0.5625),
        ([3], [5], 0.316),
    ],
)
def test_the_share_that_one_layer_sees(m, s, share):
    seen = np.mean(coverage(chain(m, s), 32) > 0)
    assert seen**2 == pytest.approx(share, abs=5e-4)


def test_blind_pixels_of_small_nets():
    for m, s, blind in (
        ([3, 1], [1, 4], [*range(3, 32, 4)]),
        ([5, 3], [3, 2], [29, 30, 31]),
        ([3, 3], [2, 2], [31]),
    ):
        assert np.flatnonzero(coverage(chain(m, s), 32) == 0).tolist() == blind


def test_seen_by_size_alone_is_not_enough():
    layers = chain([1, 3], [2, 1])  # fields of 5 pixels in steps of 2
    assert geometry(layers, 32)[-1][2:4] == (5, 2)
    assert np.flatnonzero(coverage(layers, 32) == 0).tolist() == [*range(1, 32, 2)]


def test_a_unit_over_padding_only_sees_nothing():
    assert pixels([Layer(1, 1, 2)], 0, 4) == []


def test_layers_given_are_not_changed():
    layers = chain([3, 2], [2, 1])
    before = list(layers)
    coverage(layers, 9), geometry(layers, 9), uncut(layers)
    assert layers == before


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: unit_counts(chain([3], [1]), 2), r"Layer 1 \(3x3 conv\) has no unit"),
        (lambda: unit_counts([], 0), "The image size is 0, expected an int >= 1"),
        (lambda: pixels(chain([3], [1]), 6, 8), "unit is 6, expected .* 0 to 5"),
        (lambda: pixels(chain([3], [1]), -1, 8), "unit is -1, expected"),
        (lambda: span([Layer((3, 5))]), r"3x5 conv does not .* along\(layers, 0\)"),
        (lambda: coverage([Layer(3, (1, 2))], 8), "does not treat rows and columns"),
        (lambda: largest_gap([Layer(3)], "both"), "units is 'both', expected"),
        (lambda: largest_gap([Layer(3, dilation=2)]), "is dilated, expected dilat"),
    ],
)
def test_errors_are_sentences(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_examples_in_the_docstrings():
    result = doctest.testmod(module, extraglobs={"chain": chain})
    assert result.attempted >= 5
    assert result.failed == 0
