import doctest

import numpy as np
import pytest

from utils import receptive_field as module
from utils.receptive_field import (
    Layer,
    ancestry,
    chain,
    coverage,
    geometry,
    geometry_table,
    measured_size,
    pixels,
    span,
    uncut,
    unit_counts,
)
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


def test_alexnet_as_published():
    rows = geometry(ALEXNET, 227)
    assert [row.size for row in rows] == [11, 19, 51, 67, 99, 131, 163, 195]
    assert [row.step for row in rows] == [4, 8, 8, 16, 16, 16, 16, 32]
    assert [-row.first for row in rows] == [0, 0, 16, 16, 32, 48, 64, 64]
    assert [row.units for row in rows] == [55, 27, 27, 13, 13, 13, 13, 6]


def test_alexnet_is_blind_on_224_pixels_and_not_on_227():
    assert np.flatnonzero(coverage(ALEXNET, 224) == 0).tolist() == [*range(219, 224)]
    assert coverage(ALEXNET, 227).min() > 0


def test_half_padding_centres_unit_0_on_pixel_0():
    rows = geometry(chain([3, 5, 7], [2, 1, 2], [1, 2, 3]), 64)
    assert [row.centre for row in rows] == [0, 0, 0]
    assert geometry([Layer(2, 2, kind="pool")], 8)[0].centre == 0.5


def test_dilation_leaves_holes_and_moves_the_centre():
    layers = [Layer(3, 1, 0, dilation=2)] * 3
    assert pixels(layers, 5, 32) == [5, 7, 9, 11, 13, 15, 17]
    assert coverage(layers, 32).min() > 0
    assert geometry([Layer(3, dilation=2)], 9)[0].centre == 2
    assert measured_size([Layer(3, dilation=d) for d in (1, 2, 4)]) == 15


POOL = Layer(2, 2, kind="pool")


@pytest.mark.parametrize(
    ("layers", "size", "units", "blind"),
    [
        ([Layer(3)] * 3, 7, 26, 0),
        ([Layer(3)] * 4, 9, 24, 0),
        ([Layer(5)] * 3, 13, 20, 0),
        ([Layer(3, 2), Layer(3, 2), Layer(3)], 15, 5, 1),
        ([Layer(3), POOL, Layer(3), POOL, Layer(3)], 18, 4, 2),
        ([Layer(3, dilation=d) for d in (1, 2, 4)], 15, 18, 0),
    ],
)
def test_the_table_of_part_e(layers, size, units, blind):
    assert measured_size(layers) == size
    assert unit_counts(layers, 32)[-1] == units
    assert np.sum(coverage(layers, 32) == 0) == blind


def test_seen_by_size_alone_is_not_enough():
    layers = chain([1, 3], [2, 1])  # fields of 5 pixels in steps of 2
    assert geometry(layers, 32)[-1][2:4] == (5, 2)
    assert np.flatnonzero(coverage(layers, 32) == 0).tolist() == [*range(1, 32, 2)]


def test_a_unit_over_padding_only_sees_nothing():
    assert pixels([Layer(1, 1, 2)], 0, 4) == []


def test_table_has_one_line_per_layer_and_the_numbers_of_geometry():
    lines = geometry_table(ALEXNET, 227).splitlines()
    assert len(lines) == 2 + len(ALEXNET)
    assert lines[-1].split()[-5:] == ["6", "195", "32", "-64", "33"]
    assert "3x3 pool, stride 2" in lines[-1]
    assert max(map(len, lines)) <= 79


def test_layers_given_are_not_changed():
    layers = chain([3, 2], [2, 1])
    before = list(layers)
    coverage(layers, 9), geometry(layers, 9), uncut(layers)
    assert layers == before


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Layer(0), "A layer's kernel is 0, expected an int >= 1"),
        (lambda: Layer(3, 1.5), "A layer's stride is 1.5, expected an int >= 1"),
        (lambda: Layer(3, 1, -1), "A layer's pad is -1, expected an int >= 0"),
        (lambda: Layer(3, dilation=True), "A layer's dilation is True"),
        (lambda: Layer(3, kind="transposed"), "kind is 'transposed', expected 'conv'"),
        (lambda: Layer(2, 2, 1, kind="pool"), "pooling layer has pad = 1, expected 0"),
        (lambda: chain([3, 3], [1]), "2 kernel sizes, 1 strides and 2 pads"),
        (lambda: unit_counts(chain([3], [1]), 2), r"Layer 1 \(3x3 conv\) has no unit"),
        (lambda: unit_counts([], 0), "The image size is 0, expected an int >= 1"),
        (lambda: pixels(chain([3], [1]), 6, 8), "unit is 6, expected .* 0 to 5"),
        (lambda: pixels(chain([3], [1]), -1, 8), "unit is -1, expected"),
    ],
)
def test_errors_are_sentences(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_examples_in_the_docstrings():
    result = doctest.testmod(module)
    assert result.attempted >= 5
    assert result.failed == 0
