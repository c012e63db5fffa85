"""Formula, both recursions, sets and the probe agree on random nets.

Some hundred nets each; RANDOM_NETS=10000 asks for more.
"""

import math
import os

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from utils.exercises.receptive_field import receptive_field
from utils.receptive_field import (
    Layer,
    ancestry,
    geometry,
    measured_size,
    pixels,
    seen_by,
    shapes,
    span,
    uncut,
    unit_counts,
)
from utils.receptive_field_probe import path_counts

MANY = settings(max_examples=int(os.environ.get("RANDOM_NETS", "150")))
ints = st.integers


@st.composite
def one_layer(draw):
    m, s, d = draw(ints(1, 5)), draw(ints(1, 3)), draw(st.sampled_from([1, 1, 1, 2, 3]))
    return Layer(m, s, draw(st.tuples(ints(0, 3), ints(0, 3))) * 2, d)


nets = st.lists(one_layer(), min_size=1, max_size=4)


def numbers(net):
    """m, s, d and the first padding of every layer."""
    return [(one.kernel, one.stride, one.dilation, one.pads[0][0]) for one in net]


def from_below(net):
    size, step, pad = 1, 1, 0
    for m, s, d, p in numbers(net):
        size, pad, step = size + d * (m - 1) * step, pad + p * step, step * s
    return size, step, -pad


def from_above(net):
    size, step, pad = 1, 1, 0
    for m, s, d, p in reversed(numbers(net)):
        size, step, pad = s * size + d * (m - 1) + 1 - s, s * step, s * pad + p
    return size, step, -pad


def closed_form(net):
    rows = numbers(net)
    *steps, step = (math.prod(row[1] for row in rows[:k]) for k in range(len(rows) + 1))
    size = 1 + sum(d * (m - 1) * e for (m, _, d, _), e in zip(rows, steps, strict=True))
    return size, step, -sum(row[3] * e for row, e in zip(rows, steps, strict=True))


def counted(net):
    first, step = span(net, 0)[0], span(net, 1)[0] - span(net, 0)[0]
    return measured_size(net), step, first


@MANY
@given(nets)
def test_formula_both_recursions_sets_and_probe(net):
    assert from_below(net) == from_above(net) == closed_form(net) == counted(net)
    size = counted(net)[0]
    if all(layer.dilation == 1 for layer in net):
        m, s = [layer.kernel for layer in net], [layer.stride for layer in net]
        assert receptive_field(m, s, len(net)) == size
    if size > 60:
        return  # a probe of such an image takes its time
    image, unit = uncut(net)
    paths = path_counts(net, (unit, unit), image)
    seen = np.flatnonzero(paths.any(axis=1))
    assert seen.tolist() == ancestry(net, unit)[0]
    assert seen[-1] - seen[0] + 1 == size
    assert paths.sum() == math.prod(layer.kernel**2 for layer in net)


@MANY
@given(st.data())
def test_probe_and_sets_agree_at_borders_of_rectangles(data):
    layers = []
    for _ in range(data.draw(ints(1, 3))):
        m, s, d = (data.draw(st.tuples(ints(1, n), ints(1, n))) for n in (4, 3, 2))
        layers.append(Layer(m, s, data.draw(st.tuples(*[ints(0, 2)] * 4)), d))
    size = data.draw(st.tuples(ints(4, 14), ints(4, 14)))
    try:
        last = shapes(layers, size)[-1]
    except ValueError:
        return
    unit = tuple(data.draw(ints(0, n - 1)) for n in last)
    paths = path_counts(layers, unit, size)
    np.testing.assert_array_equal(paths > 0, seen_by(layers, unit, size))


@MANY
@given(nets, nets)
def test_stacking_two_nets_composes(a, b):
    (r_a, s_a, first_a), (r_b, s_b, first_b) = counted(a), counted(b)
    composed = r_a + s_a * (r_b - 1), s_a * s_b, first_a + s_a * first_b
    assert counted([*a, *b]) == composed


@MANY
@given(nets, ints(1, 9), st.permutations(range(4)))
def test_what_does_not_matter(net, stride, order):
    *below, last = net
    other = Layer(last.kernel, stride, last.pad, last.dilation)
    assert measured_size([*below, other]) == measured_size(net)
    bare = [Layer(one.kernel, one.stride, 0, one.dilation) for one in net]
    assert measured_size(bare) == measured_size(net)
    slow = [Layer(one.kernel, 1, one.pad, one.dilation) for one in net]
    shuffled = [slow[k] for k in order if k < len(slow)]
    assert measured_size(shuffled) == measured_size(slow)
    sizes = [measured_size(net[:k]) for k in range(1, len(net) + 1)]
    assert sizes == sorted(sizes)


@MANY
@given(st.lists(st.tuples(ints(1, 4), ints(1, 3), ints(0, 3)), min_size=1, max_size=3))
def test_where_cutting_at_the_edge_of_the_image_is_right(rows):
    # windows that tile their input, m >= s, p < m, no dilation
    layers = [Layer(max(m, s), s, min(p, max(m, s) - 1)) for m, s, p in rows]
    count = 3
    for layer in reversed(layers):  # the size below which gives so many units
        count = (count - 1) * layer.stride + layer.kernel - 2 * layer.pad
        if count < 1:
            return
    for unit in range(unit_counts(layers, count)[-1]):
        first, last = span(layers, unit)
        expected = [*range(max(first, 0), min(last, count - 1) + 1)]
        assert pixels(layers, unit, count) == expected


@MANY
@given(nets)
def test_tables_agree_with_the_formula(net):
    size, _ = uncut(net)
    for k, row in enumerate(geometry(net, size), start=1):
        assert (row.size, row.step, row.first) == closed_form(net[:k])
