import doctest

import pytest

from utils.receptive_field import Layer, along, chain
from utils.receptive_field import layers as module


def test_pairs_that_are_equal_become_a_number():
    assert Layer((3, 3), (2, 2), (1, 1)) == Layer(3, 2, 1)
    assert Layer(3, pad=(1, 1, 1, 1)) == Layer(3, pad=1)
    assert Layer(3, pad=(1, 1, 2, 2)).pad == (1, 2)
    assert Layer(3, pad=(1, 1, 2, 3)).pads == ((1, 1), (2, 3))
    assert Layer(3, pad=[0, 1, 0, 1]).pads == ((0, 1), (0, 1))


def test_one_axis_of_a_layer():
    layer = Layer((3, 5), (2, 1), (1, 0, 2, 3), (1, 2), "conv")
    assert not layer.is_square
    assert layer.along(0) == Layer(3, 2, (1, 0, 1, 0))
    assert layer.along(1) == Layer(5, 1, (2, 3, 2, 3), dilation=2)
    assert layer.along(0).is_square and layer.along(1).is_square
    assert Layer((2, 3), 2, kind="pool").along(1) == Layer(3, 2, kind="pool")
    assert along([layer, Layer(3)], 0) == [layer.along(0), Layer(3)]
    # windows start at 2 u - 1; one fits at -1, 1, 3, 5 in 8 positions
    assert list(layer.along(0).window(2)) == [3, 4, 5]
    assert layer.along(0).count(8) == 4


def test_labels_say_what_is_not_plain():
    assert Layer(3).label == "3x3 conv"
    assert Layer(2, 2, kind="pool").label == "2x2 pool, stride 2"
    label = "3x5 conv, stride 2x1, pad 1x2, dilation 2"
    assert Layer((3, 5), (2, 1), (1, 2), 2).label == label
    assert Layer(3, pad=(0, 1, 0, 1)).label == "3x3 conv, pad 0x1x0x1"


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
        (lambda: Layer((3, 0)), "An entry of a layer's kernel is 0, expected"),
        (
            lambda: Layer((3, 3, 3)),
            r"is \(3, 3, 3\), expected one int or a pair",
        ),
        (lambda: Layer(3, pad=(1, 2, 3)), "or .top, bottom, left, right.*"),
        (lambda: Layer((3, 5)).window(0), "3x5 conv does not treat rows and columns"),
        (lambda: Layer((3, 5)).count(9), "3x5 conv does not treat rows and columns"),
        (lambda: Layer(3, pad=(1, 0)).window(0), "3x3 conv, pad 1x0 does not treat"),
    ],
)
def test_errors_are_sentences(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_examples_in_the_docstrings():
    result = doctest.testmod(module)
    assert result.attempted >= 2
    assert result.failed == 0
