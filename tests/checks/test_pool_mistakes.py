"""Known mistakes of max pooling: by hand, and apart from one another."""

import numpy as np
import pytest

from utils.checks import oracle, pool_mistakes
from utils.checks.max_pool import POOL_CASES, POOL_FRACTIONS, POOL_X, MaxPooling

LAYER = MaxPooling()
DOUT = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)


def answers(name, case):
    """Return the right values, and wrong ones by their text."""
    arguments = LAYER.arguments(case)
    if name == "out":
        right, wrong = LAYER.forward(**arguments), LAYER.out_suspects(**arguments)[0]
    else:
        dout = LAYER.dout(case, arguments)
        (right,) = LAYER.backward(dout, **arguments)
        wrong = LAYER.gradient_suspects(dout, **arguments)["dx"][0]
    by_text = {}
    for text, values in wrong:
        by_text.setdefault(text, []).append(values())
    return right, by_text


@pytest.mark.parametrize(("name", "count"), [("out", 16), ("dx", 23)])
def test_every_mistake_is_wrong_somewhere_and_no_two_are_the_same(name, count):
    cases = [answers(name, case) for case in (*POOL_CASES, POOL_FRACTIONS)]
    texts = list(cases[0][1])
    assert len(texts) >= count

    def differ(a, b):
        return any(
            not np.array_equal(x, y)
            for right, by_text in cases
            for x in by_text.get(a, [right])
            for y in by_text.get(b, [right])
        )

    for k, text in enumerate(texts):
        assert differ(text, "the right answer"), text
        for other in texts[:k]:
            assert differ(text, other), (text, other)


# 2 x 2 windows with stride 1 on (1 5 2 / 4 3 0 / 7 6 8); the first window is 1 5 / 4 3.
@pytest.mark.parametrize(
    ("words", "out"),
    [
        ("mean of the window", [13 / 4, 10 / 4, 20 / 4, 17 / 4]),
        ("minimum", [1, 0, 3, 0]),
        ("sum", [13, 10, 20, 17]),
        ("is any other", [1, 5, 4, 3]),
        ("with the others", [3, 0, 6, 8]),
        ("not the size of the window", [5, 2, 7, 8]),
        ("last row of the window", [5, 5, 4, 3]),
        ("last column of the window", [4, 5, 7, 6]),
        ("last row and column of the window", [1, 5, 4, 3]),
    ],
)
def test_outputs_by_hand(words, out):
    tries = pool_mistakes.max_pool_forward(POOL_X, 2, 2, 1)
    wrong = next(values for text, values in tries if words in text)()
    np.testing.assert_array_equal(wrong.ravel(), out)


def test_the_maximum_over_all_images_and_channels():
    x = np.arange(4.0).reshape(2, 2, 1, 1)
    tries = pool_mistakes.max_pool_forward(x, 1, 1, 1)
    wrong = next(values for text, values in tries if "images and channels" in text)()
    np.testing.assert_array_equal(wrong.ravel(), [3, 3, 3, 3])


# With gradients 1 2 / 3 4, the 5 collects 1 + 2, the 7 gets 3 and the 8 gets 4.
@pytest.mark.parametrize(
    ("words", "dx"),
    [
        ("+= and not =", [[0, 2, 0], [0, 0, 0], [3, 0, 4]]),
        ("every pixel of the window", [[1, 3, 2], [4, 10, 6], [3, 7, 4]]),
        ("shared by all pixels", [[0.25, 0.75, 0.5], [1, 2.5, 1.5], [0.75, 1.75, 1]]),
        ("get 1, expected dout", [[0, 2, 0], [0, 0, 0], [1, 0, 1]]),
        ("own value times", [[0, 15, 0], [0, 0, 0], [21, 0, 32]]),
        ("own value, expected dout", [[0, 10, 0], [0, 0, 0], [7, 0, 8]]),
        ("smallest", [[1, 0, 0], [0, 3, 6], [0, 0, 0]]),
        ("row and column of the maximum", [[0, 2, 0], [1, 3, 0], [0, 0, 4]]),
        ("add the window's corner", [[2, 1, 0], [3, 4, 0], [0, 0, 0]]),
        ("whole image", [[0, 0, 0], [0, 0, 0], [0, 0, 10]]),
        ("last row of windows", [[0, 3, 0], [0, 0, 0], [0, 0, 0]]),
    ],
)
def test_gradients_by_hand(words, dx):
    tries = pool_mistakes.max_pool_dx(DOUT, POOL_X, 2, 2, 1)
    wrong = next(values for text, values in tries if words in text)()
    np.testing.assert_array_equal(wrong[0, 0], dx)


def test_an_index_divided_by_the_height():
    x = np.array([[1.0, 2.0, 9.0], [3.0, 4.0, 5.0]]).reshape(1, 1, 2, 3)
    tries = pool_mistakes.max_pool_dx(np.full((1, 1, 1, 1), 7.0), x, 2, 3, 1)
    wrong = next(values for text, values in tries if "counts row by row" in text)()
    np.testing.assert_array_equal(wrong[0, 0], [[0, 0, 0], [7, 0, 0]])  # 2 = 1 * 2 + 0


def test_the_largest_of_all_channels():
    x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 2, 1, 2)
    dout = np.array([10.0, 20.0]).reshape(1, 2, 1, 1)
    tries = pool_mistakes.max_pool_dx(dout, x, 1, 2, 1)
    found = [values() for text, values in tries if "pixel of all channels" in text]
    assert [dx.ravel().tolist() for dx in found] == [[0, 0, 0, 30], [0, 0, 0, 20]]


def test_without_a_mistake_the_gradient_is_right():
    for case in POOL_CASES:
        arguments = LAYER.arguments(case)
        x, pool_param = arguments.values()
        dout = LAYER.dout(case, arguments)
        size, step = (case.height, case.width), (case.stride, case.stride)
        np.testing.assert_array_equal(
            pool_mistakes._spread(dout, x, size, step),
            oracle.max_pool_backward(dout, x, *pool_param.values()),
        )


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        ("the stride, not the size", (2, 3, 2, 4)),
        ("1 of 1 +", (2, 3, 2, 3)),
        ("exchanged", (2, 3, 4, 3)),
        ("rounded down", (2, 3, 4, 5)),
        ("the stride is ignored", (2, 3, 6, 8)),
        ("every channel", (2, 3, 4)),
    ],
)
def test_shapes_by_hand(words, shape):
    tries = pool_mistakes.max_pool_shapes((2, 3, 8, 9), 3, 2, 2)  # right: 3 x 4
    assert next(wrong for text, wrong in tries if words in text) == shape
