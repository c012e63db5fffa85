"""What numpy says of shapes and axes is said in the words of the exercise."""

import numpy as np
import pytest

from utils.batchnorm import batchnorm_forward
from utils.checks.conv_layers import check_conv_forward
from utils.checks.hints import rows_of_channels, sliding_window
from utils.checks.max_pool import check_max_pool_forward
from utils.checks.spatial_batchnorm import check_spatial_batchnorm_forward


def message_of(code):
    """Return what a check would say that stopped a student's code."""
    try:
        code()
    except Exception as error:
        return f"f stopped with {type(error).__name__}: {error} (a.py:3)"
    raise AssertionError("it did not stop")


def put(place, values, index=...):
    """Write values into an array."""
    place[index] = values


FILTER = np.ones((3, 3, 3))
SMALLER = "window is smaller than the filter, as it is at the border"
MESSAGES = {
    "product": (lambda: np.ones((3, 3, 2)) * FILTER, SMALLER),
    "sum in place": (lambda: np.add(FILTER, 1, out=np.ones((3, 2, 3))), SMALLER),
    "three": (lambda: np.ones((3, 2, 3)).__iadd__(2 * FILTER), SMALLER),
    "other": (lambda: np.ones((3, 2, 3)) * np.ones((3, 3, 2)), "HH rows high and WW"),
    "index": (lambda: np.zeros((2, 3, 4, 4))[0, 0, 4, 0], "place inside the window"),
    "empty maximum": (lambda: np.zeros((2, 0)).max(axis=1), "begin outside"),
    "empty place": (lambda: np.zeros(0).argmax(), "is its last row left out"),
    "padded channels": (
        lambda: np.ones((5, 3, 3)) * FILTER,
        "One has 5 channels, the other 3: only rows and columns",
    ),
    "padded images and channels": (
        lambda: np.ones((4, 5, 3, 3)) * FILTER,
        "One has 5 channels, the other 3: only rows and columns",
    ),
    "place": (lambda: np.unravel_index(9, (2, 2)), "those of all channels"),
    "an axis is left": (lambda: put(np.ones((2, 3)), np.ones((2, 3, 2))), "all axes"),
    "two axes are left": (lambda: put(np.ones(3)[:1], np.ones((1, 2, 3))), ""),
    "a row for a number": (lambda: put(np.ones(3), np.ones(2), 0), "all axes"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_what_numpy_says_of_windows(name):
    code, words = MESSAGES[name]
    assert words in sliding_window(message_of(code))


@pytest.mark.parametrize(
    "code",
    [
        lambda: FILTER + np.ones(2),
        lambda: np.ones((2, 3, 3)) * FILTER[:, :1].repeat(4, axis=0),
        lambda: np.ones((2, 3, 3)) * FILTER,
        lambda: np.ones((2, 3, 3, 3)) * np.ones((4, 3, 3, 3)),
        lambda: np.ones((3, 4)) @ np.ones((3, 4)),
        lambda: {}["stride"],
        lambda: [] + 1,
    ],
)
def test_no_word_where_it_may_be_something_else(code):
    assert sliding_window(message_of(code)) == ""


def test_gamma_is_not_to_blame_for_wrong_rows():
    x, gamma = np.ones((3, 4, 3, 5)), np.ones(4)
    text = message_of(
        lambda: batchnorm_forward(x.reshape(3, -1), gamma, gamma, {"mode": "train"})
    )
    hint = rows_of_channels(text)
    assert "a row of 60 values" in hint and "the 4 channels of one pixel" in hint
    assert rows_of_channels("f stopped with ValueError: beta has shape (4,)") == ""


def beyond(x, *parameters):
    return np.zeros((1, 1, 1, 1))[0, 0, 1], None


def test_the_checks_ask_for_hints():
    for check in (check_conv_forward, check_max_pool_forward):
        assert "do the loops run over H_out" in check(beyond)[0].message

    def flat(x, gamma, beta, bn_param):
        return batchnorm_forward(x.reshape(len(x), -1), gamma, beta, bn_param)

    first = check_spatial_batchnorm_forward(flat)[0]
    assert "Which axis has to move before the reshape?" in first.message
