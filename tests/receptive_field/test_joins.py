import doctest

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from utils.receptive_field import (
    Join,
    Layer,
    along,
    chain,
    coverage,
    coverage_map,
    describe,
    pixels,
    seen_by,
    shapes,
    span,
    unit_counts,
)
from utils.receptive_field import joins as module


def found(net, axis=0):
    field = describe(net, axis)
    return field.size, field.step, -field.first, field.status


def bottleneck(stride, shortcut, strided_first=False):
    """1x1, 3x3, 1x1; the stride stands in the 1x1 (the paper) or in the 3x3."""
    s, t = (stride, 1) if strided_first else (1, stride)
    return Join([Layer(1, s), Layer(3, t, 1), Layer(1)], shortcut)


def resnet(blocks, build, stem_pad=3):
    """Stages of blocks, the first unit of stages 2 to 4 with stride 2."""
    net = [Layer(7, 2, stem_pad), Layer(3, 2, 1)]
    for stage, count in enumerate(blocks):
        for k in range(count):
            stride = 2 if stage and not k else 1
            shortcut = [] if k else [Layer(1, stride)]
            net.append(build(stride, shortcut))
    return net


def basic(stride, shortcut):
    return Join([Layer(3, stride, 1), Layer(3, 1, 1)], shortcut)


def in_the_1x1(stride, shortcut):
    return bottleneck(stride, shortcut, strided_first=True)


@pytest.mark.parametrize(
    ("name", "blocks", "build", "size", "padding"),
    [
        ("ResNet-18", (2, 2, 2, 2), basic, 435, 217),
        ("ResNet-34", (3, 4, 6, 3), basic, 899, 449),
        ("ResNet-50 v1.5", (3, 4, 6, 3), bottleneck, 427, 213),
        ("ResNet-50, the paper's", (3, 4, 6, 3), in_the_1x1, 483, 241),
        ("ResNet-101 v1.5", (3, 4, 23, 3), bottleneck, 971, 485),
        ("ResNet-152 v1.5", (3, 8, 36, 3), bottleneck, 1451, 725),
        ("ResNet-101, the paper's", (3, 4, 23, 3), in_the_1x1, 1027, 513),
        ("ResNet-152, the paper's", (3, 8, 36, 3), in_the_1x1, 1507, 753),
    ],
)
def test_residual_nets_as_published(name, blocks, build, size, padding):
    assert found(resnet(blocks, build)) == (size, 32, padding, "aligned"), name


@pytest.mark.parametrize(
    ("blocks", "sizes"),
    [
        (3, (15, 37, 81)),
        (5, (None, None, 137)),
        (9, (None, None, 249)),
        (18, (None, None, 501)),
    ],
)
def test_residual_nets_for_cifar10(blocks, sizes):
    net = [Layer(3, 1, 1)]
    for stage, size in enumerate(sizes):
        for k in range(blocks):
            stride = 2 if stage and not k else 1
            net.append(basic(stride, [] if k else [Layer(1, stride)]))
        assert size is None or describe(net).size == size


@pytest.mark.parametrize(
    ("build", "sizes", "paddings"),
    [
        (bottleneck, (35, 91, 267, 427), (17, 45, 133, 213)),
        (in_the_1x1, (35, 99, 291, 483), None),
        (basic, (43, 99, 211, 435), None),  # with two blocks per stage: ResNet-18
    ],
)
def test_every_stage_of_residual_nets(build, sizes, paddings):
    blocks = (2, 2, 2, 2) if build is basic else (3, 4, 6, 3)
    assert found(resnet((), build)[:1])[:3] == (7, 2, 3)
    assert found(resnet((), build))[:3] == (11, 4, 5)
    fields = [found(resnet(blocks[:k], build)) for k in (1, 2, 3, 4)]
    assert tuple(field[0] for field in fields) == sizes
    assert paddings in (None, tuple(field[2] for field in fields))


GOOGLE_1 = Join([Layer(1, 4)], [Layer(3, 2, 1), Layer(1, 2)])


def test_joins_as_published():
    """Araujo et al. (2019), figure 5, and the tests of their program."""
    assert found([GOOGLE_1]) == (3, 4, 1, "aligned")
    another = Join([Layer(1, 2)], [Layer(3, 2, (1, 0, 1, 0))])
    assert found([GOOGLE_1, another]) == (11, 8, 5, "aligned")
    assert found([GOOGLE_1, GOOGLE_1]) == (11, 16, 5, "aligned")  # it composes
    seen = seen_by([GOOGLE_1], size=8).any(axis=1)
    assert np.flatnonzero(seen).tolist() == [0, 1, 3, 4, 5]
    rectangular = [Layer((3, 5), 2), Layer((3, 1), 2)]
    assert found(rectangular, axis=1)[:3] == (5, 4, 0)
    assert found(rectangular, axis=0)[:3] == (7, 4, 0)


def test_same_padding_aligns_branches_on_9_pixels_and_not_on_8():
    """Araujo et al. (2019), another test of their program."""
    for image, zeros, status in ((9, (1, 1), "aligned"), (8, (0, 1), "shifted")):
        right = [Layer(3, 2, zeros * 2), Layer(1, 2)]
        assert shapes(right, image)[1:] == [
            (-(-image // 2),) * 2,
            (-(-image // 4),) * 2,
        ]
        assert found([Join([Layer(1, 4)], right)])[1::2] == (4, status)
    assert found([Join([Layer(1, 4)], [Layer(3, 2, 1), Layer(1, 2)])])[:3] == (3, 4, 1)


def test_where_branches_of_different_steps_meet_each_unit_has_its_own_size():
    """Araujo et al. (2019), figure 4."""
    left, right = [Layer(5, 2, (2, 1, 2, 1))], [Layer(3), Layer(3)]
    net = [Join(left, right)]
    seen = [seen_by(net, (u, 0), 8).any(axis=1) for u in range(4)]
    rows = [np.flatnonzero(one).tolist() for one in seen]
    assert rows == [[*range(5)], [*range(6)], [*range(2, 7)], [*range(3, 8)]]
    assert describe(net).status == "per unit"
    assert describe(net).step is None
    assert describe([net[0], Layer(3)]).status == "per unit"
    nested = Join(net, [Layer(1, 2)])  # whose own branches step alike
    assert describe([nested]).status == "per unit"


def test_a_shortcut_may_be_half_a_pixel_aside():
    """ResNet-D averages 2 x 2 on its shortcut: the middle of two pixels."""
    net = [Join([Layer(3, 2, 1), Layer(3, 1, 1)], [Layer(2, 2, kind="pool")])]
    assert found(net) == (7, 2, 3, "shifted")
    assert describe([Join(net, [Layer(1, 2)])]).status == "shifted"
    even = Join([Layer((3, 2), pad=(1, 1, 0, 1))], [])  # along the columns only
    assert [describe([Join([even], [])], axis).status for axis in (0, 1)] == [
        "aligned",
        "shifted",
    ]


def test_a_union_of_rectangles_is_no_rectangle():
    net = [Join([Layer((1, 3), pad=(0, 1))], [Layer((3, 1), pad=(1, 0))])]
    seen = seen_by(net, (1, 1), 3)
    np.testing.assert_array_equal(seen, [[0, 1, 0], [1, 1, 1], [0, 1, 0]])
    assert describe(net, 0).size == describe(net, 1).size == 3


@st.composite
def fitting_nets(draw):
    """Chains with windows that differ between the axes, and an image they fit."""
    ints = st.integers
    layers = []
    for _ in range(draw(ints(1, 3))):
        m, s, d = (draw(st.tuples(ints(1, 3), ints(1, n))) for n in (3, 3, 2))
        layers.append(Layer(m, s, draw(st.tuples(*[ints(0, 2)] * 4)), d))
    size = draw(st.tuples(ints(6, 16), ints(6, 16)))
    try:
        return layers, size, shapes(layers, size)[-1]
    except ValueError:
        return [Layer(1)], size, size


@settings(max_examples=60)
@given(fitting_nets(), st.randoms(use_true_random=False))
def test_maps_of_a_chain_are_products_of_its_axes(case, random):
    layers, size, last = case
    unit = tuple(random.randrange(n) for n in last)
    flat = [along(layers, axis) for axis in (0, 1)]
    expected = np.zeros(size, bool)
    lists = [pixels(flat[a], unit[a], size[a]) for a in (0, 1)]
    expected[np.ix_(*lists)] = True
    np.testing.assert_array_equal(seen_by(layers, unit, size), expected)
    counts = np.outer(*(coverage(flat[a], size[a]) for a in (0, 1)))
    np.testing.assert_array_equal(coverage_map(layers, size), counts)
    np.testing.assert_array_equal(seen_by(layers, None, size), counts > 0)
    for a in (0, 1):
        first, last_pixel = span(flat[a], 0)
        assert found(layers, a)[0] == last_pixel - first + 1
        assert -found(layers, a)[2] == first


def test_a_join_sees_what_its_branches_see():
    left, right = chain([3, 3], [2, 1], [1, 1]), chain([1, 5], [2, 1], [0, 2])
    for unit in ((0, 0), (2, 3), (4, 4)):
        alone = [seen_by(branch, unit, 10) for branch in (left, right)]
        np.testing.assert_array_equal(
            seen_by([Join(left, right)], unit, 10), alone[0] | alone[1]
        )
    assert unit_counts(left, 10)[-1] == shapes([Join(left, right)], 10)[-1][0]


def test_the_size_of_the_image_may_come_from_an_array():
    size = np.array([6, 8])
    assert shapes([Layer(3)], size) == [(6, 8), (4, 6)]
    assert shapes([Layer(3)], size[0]) == [(6, 6), (4, 4)]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Join([Layer(3)]), "A join has 1 branch, expected at least 2"),
        (lambda: shapes([Join([Layer(3)], [])], 8), r"layer 1 meet .*\(6, 6\), \(8, 8"),
        (lambda: shapes([Layer(3), Layer((9, 1))], 8), r"Layer 2 \(9x1 conv\) has no"),
        (lambda: seen_by([Layer(3)], (6, 0), 8), r"unit is \(6, 0\), .* 6 x 6"),
        (lambda: seen_by([Layer(3)], (0, -1), 8), r"unit is \(0, -1\), expected"),
    ],
)
def test_errors_are_sentences(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_examples_in_the_docstrings():
    result = doctest.testmod(module, extraglobs={"Layer": Layer})
    assert result.attempted >= 2
    assert result.failed == 0
