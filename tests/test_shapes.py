import numpy as np
import pytest

from utils.shapes import (
    conv_output_shape,
    output_size,
    pool_output_shape,
    require_shape,
)


@pytest.mark.parametrize(
    "size, window, stride, pad, expected",
    [
        (5, 3, 1, 0, 3),  # starts 0 1 2
        (5, 3, 2, 0, 2),  # starts 0 2
        (6, 3, 2, 0, 2),  # the last pixel is left over: floor
        (32, 3, 2, 1, 16),
        (4, 4, 1, 0, 1),
        (1, 3, 5, 1, 1),
        (3, 2, 5, 0, 1),
    ],
)
def test_output_size_by_hand(size, window, stride, pad, expected):
    assert output_size(size, window, stride, pad) == expected


@pytest.mark.parametrize("size", range(1, 9))
@pytest.mark.parametrize("window", range(1, 5))
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("pad", [0, 1, 2])
def test_output_size_counts_the_windows_that_fit(size, window, stride, pad):
    starts = range(0, size + 2 * pad - window + 1, stride)
    if len(starts) == 0:
        with pytest.raises(ValueError, match="must fit inside"):
            output_size(size, window, stride, pad)
    else:
        assert output_size(size, window, stride, pad) == len(starts)


@pytest.mark.parametrize(
    "numbers, sentence",
    [
        ((0, 1, 0), "window is 0, expected at least 1"),
        ((2, 0, 0), "stride is 0, expected at least 1"),
        ((2, 1, -1), "pad is -1, expected at least 0"),
    ],
)
def test_output_size_refuses_numbers_that_are_too_small(numbers, sentence):
    with pytest.raises(ValueError, match=sentence):
        output_size(5, *numbers)


def test_parameters_that_are_no_dictionary():
    with pytest.raises(ValueError, match="conv_param is None, expected a dictionary"):
        conv_output_shape((1, 1, 4, 4), (1, 1, 3, 3), None)


def test_conv_output_shape_keeps_height_and_width_apart():
    shape = conv_output_shape((2, 3, 9, 12), (4, 3, 5, 2), {"stride": 2, "pad": 1})
    assert shape == (2, 4, 4, 7)


def test_numpy_integers_are_integers():
    param = {"stride": np.int64(1), "pad": np.int32(1)}
    assert conv_output_shape((1, 1, 4, 4), (1, 1, 3, 3), param) == (1, 1, 4, 4)


def test_pool_output_shape_keeps_height_and_width_apart():
    param = {"pool_height": 2, "pool_width": 3, "stride": 2}
    assert pool_output_shape((2, 3, 9, 12), param) == (2, 3, 4, 5)


GOOD = {"stride": 1, "pad": 0}


@pytest.mark.parametrize(
    "x_shape, w_shape, param, sentence",
    [
        ((3, 8, 8), (1, 3, 3, 3), GOOD, r"x has shape \(3, 8, 8\) with 3 axes"),
        ((1, 3, 8, 8), (3, 3, 3), GOOD, r"w has shape \(3, 3, 3\)"),
        ((1, 3, 8, 8), (1, 4, 3, 3), GOOD, "x has 3 channels .* w has 4"),
        ((1, 3, 8, 8), (1, 3, 0, 3), GOOD, "height HH is 0"),
        ((1, 3, 8, 2), (1, 3, 3, 3), GOOD, "window width is 3, .* only 2"),
        ((1, 3, 8, 8), (1, 3, 3, 3), {"pad": 0}, "no entry 'stride'"),
        ((1, 3, 8, 8), (1, 3, 3, 3), {"stride": 0, "pad": 0}, r"\['stride'\] is 0"),
        ((1, 3, 8, 8), (1, 3, 3, 3), {"stride": 1, "pad": -1}, r"\['pad'\] is -1"),
        ((1, 3, 8, 8), (1, 3, 3, 3), {"stride": 1, "pad": 1.0}, r"\['pad'\] is 1\.0"),
        ((1, 3, 8, 8), (1, 3, 3, 3), {"stride": True, "pad": 0}, "is True"),
    ],
)
def test_conv_errors_name_the_argument_and_its_value(x_shape, w_shape, param, sentence):
    with pytest.raises(ValueError, match=sentence):
        conv_output_shape(x_shape, w_shape, param)


def test_pool_errors_name_the_argument_and_its_value():
    with pytest.raises(ValueError, match="no entry 'pool_width'"):
        pool_output_shape((1, 1, 4, 4), {"pool_height": 2, "stride": 2})
    with pytest.raises(ValueError, match="window height is 5, .* only 4"):
        pool_output_shape(
            (1, 1, 4, 4), {"pool_height": 5, "pool_width": 2, "stride": 1}
        )


def test_require_shape_refuses_what_would_broadcast():
    require_shape("b", np.zeros(3), (3,), "one bias per filter")
    with pytest.raises(ValueError, match=r"b has shape \(3, 1\), expected \(3,\)"):
        require_shape("b", np.zeros((3, 1)), (3,), "one bias per filter")
