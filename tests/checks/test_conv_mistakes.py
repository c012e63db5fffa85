"""Known mistakes of convolution can be told apart, from the right answer and others."""

import numpy as np
import pytest

from utils.checks import conv_mistakes, oracle
from utils.checks.conv_layers import CONV_CASES, HAND_W, HAND_X, Convolution
from utils.checks.inputs import whole_numbers
from utils.checks.mistakes import OVERWRITTEN

LAYER = Convolution()
NAMES = ("out", *LAYER.gradients)


def answers(name, case):
    """Return the right values, and wrong ones by their text."""
    arguments = LAYER.arguments(case)
    dout = LAYER.dout(case, arguments)
    if name == "out":
        right, wrong = LAYER.forward(**arguments), LAYER.out_suspects(**arguments)[0]
    else:
        right = dict(
            zip(LAYER.gradients, LAYER.backward(dout, **arguments), strict=True)
        )[name]
        wrong = LAYER.gradient_suspects(dout, **arguments)[name][0]
    by_text = {}
    for text, values in wrong:
        by_text.setdefault(text, []).append(values())
    return right, by_text


def agree(a, b):
    return a is not None and a.shape == b.shape and np.allclose(a, b)


@pytest.mark.parametrize("name", NAMES)
def test_every_mistake_is_wrong_somewhere_and_can_be_told_from_every_other(name):
    cases = [answers(name, case) for case in CONV_CASES]
    texts = {text for _, by_text in cases for text in by_text}
    told_apart = set()
    for right, by_text in cases:
        for text, values in by_text.items():
            real = [v for v in values if v is not None and not agree(v, right)]
            if real:
                told_apart.add(text)
            for other in texts - {text}:  # one that is left out makes no difference
                for value in real:
                    if not any(agree(v, value) for v in by_text.get(other, [])):
                        told_apart.add((text, other))
    assert texts <= told_apart, texts - told_apart
    assert len(texts) > 12
    same = [
        (text, other)
        for text in texts
        for other in texts - {text}
        if not {(text, other), (other, text)} & told_apart
    ]
    assert not same


# The example of `conv_layers`, first output value: 1*1 + 2*2 + 3*4 + 4*5 + 10 = 47.
@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("turned by 180", 1 * 4 + 2 * 3 + 4 * 2 + 5 * 1 + 10),
        ("filter is turned upside down", 1 * 3 + 2 * 4 + 4 * 1 + 5 * 2 + 10),
        ("columns of the filter are exchanged", 1 * 1 + 2 * 3 + 4 * 2 + 5 * 4 + 10),
        ("not added", 37),
        ("added twice", 57),
        ("once per product", 37 + 4 * 10),
        ("mean of the products", 37 / 4 + 10),
        ("last row and column of the filter", 1 * 1 + 10),
        ("the padding is 1", 4 * 1 + 10),
        ("matrix product", (1 + 4) * (1 + 2) + (2 + 5) * (3 + 4) + 10),
    ],
)
def test_mistakes_by_hand(words, value):
    found = conv_mistakes.conv_forward(HAND_X, HAND_W, np.array([10.0]), 1, 0)
    wrong = next(values for text, values in found if words in text)()
    assert wrong[0, 0, 0, 0] == value


def test_windows_of_all_filters_overwrite_each_other_in_dx():
    """Filter by filter, only the last one is left, and of that only the last window."""
    arguments = LAYER.arguments(CONV_CASES[0])
    x, w = arguments["x"], arguments["w"]
    dout = whole_numbers((2, 4, 4, 4))
    got = np.zeros_like(x)
    for f, i, j in np.ndindex(dout.shape[1:]):
        got[:, :, i : i + 3, j : j + 3] = dout[:, f, i, j, None, None, None] * w[f]
    suspects = conv_mistakes.conv_dx(dout, x, w, 1, 0)
    texts = [text for text, values in suspects if agree(values(), got)]
    assert texts == [OVERWRITTEN]


def test_a_wrong_reading_is_wrong_in_the_same_way_in_every_gradient():
    """What turns the filter in the output turns it in dx, by the chain rule."""
    x, w = whole_numbers((2, 2, 5, 4)), whole_numbers((3, 2, 3, 2), seed=1)
    dout = whole_numbers((2, 3, 3, 3), seed=2)
    right = oracle.conv_backward(dout, x, w[..., ::-1, ::-1], 1, 0)[0]
    suspects = conv_mistakes.conv_dx(dout, x, w, 1, 0)
    wrong = next(values for text, values in suspects if "filter is turned by" in text)
    np.testing.assert_array_equal(wrong(), right)


@pytest.mark.parametrize(
    ("shapes", "words", "shape"),
    [
        ("out", "rounded down", (2, 4, 4, 5)),
        ("out", "height comes first", (2, 4, 4, 3)),
        ("out", "stride is ignored", (2, 4, 6, 8)),
        ("out", "is the 1 of 1 +", (2, 4, 2, 3)),
        ("out", "last axis", (2, 3, 4, 4)),
        ("dx", "cut off again", (2, 3, 8, 9)),
        ("dx", "one end", (2, 3, 7, 8)),
        ("dx", "left over", (2, 3, 5, 6)),
        ("dx", "order dx, dw, db", (4, 3, 3, 2)),
        ("dw", "axis 0 counts the filters", (3, 4, 3, 2)),
        ("db", "axes 0, 2 and 3", (2, 4)),
        ("db", "keepdims", (1, 4, 1, 1)),
    ],
)
def test_wrong_shapes(shapes, words, shape):
    """An image 6 x 7, a filter 3 x 2, stride 2, padding 1: an output 3 x 4."""
    x, w, dout = (2, 3, 6, 7), (4, 3, 3, 2), (2, 4, 3, 4)
    found = {
        "out": conv_mistakes.conv_shapes(x, w, 2, 1),
        "dx": conv_mistakes.conv_dx_shapes(x, w, 2, 1),
        "dw": conv_mistakes.conv_dw_shapes(x, w),
        "db": conv_mistakes.conv_db_shapes(dout, x, w),
    }[shapes]
    assert words in next(text for text, wrong in found if tuple(wrong) == shape)
