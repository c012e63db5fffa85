"""What is not in the bank: the fast twins, odd values, and the cases themselves."""

import numpy as np
import pytest

from utils import fast_layers
from utils.checks import (
    check_conv_backward,
    check_conv_forward,
)
from utils.checks.conv_layers import CONV_CASES, CONV_FRACTIONS, ConvCase, Convolution
from utils.exercises import conv_layers as solved


def failed(results):
    return {result.name for result in results if not result.passed}


def messages(results):
    return " ".join(result.message for result in results)


CORRECT = [
    (check_conv_forward, (solved.conv_forward_naive,)),
    (check_conv_forward, (fast_layers.conv_forward_fast,)),
    (
        check_conv_backward,
        (solved.conv_forward_naive, solved.conv_backward_naive),
    ),
    (
        check_conv_backward,
        (fast_layers.conv_forward_fast, fast_layers.conv_backward_fast),
    ),
]


@pytest.mark.parametrize(
    ("check", "functions"),
    CORRECT,
    ids=lambda v: v[-1].__name__ if isinstance(v, tuple) else v.__name__,
)
def test_correct_implementations_pass(check, functions):
    results = check(*functions)
    assert not failed(results), messages(results)
    assert len(results) > 15


def changed_out(change):
    def conv(x, w, b, conv_param):
        out, cache = solved.conv_forward_naive(x, w, b, conv_param)
        return change(out, x, w, b), cache

    return conv


def changes_x(x, w, b, conv_param):
    out, cache = solved.conv_forward_naive(x, w, b, conv_param)
    x += 1
    return out, cache


def needs_contiguous(x, w, b, conv_param):
    x = x.ravel(order="K").reshape(x.shape)  # values in the order of memory
    return solved.conv_forward_naive(x, w, b, conv_param)


WRONG_CONV_FORWARD = {
    "float32": (
        changed_out(lambda out, *_: out.astype(np.float32)),
        "out is float32 although the inputs are float64",
    ),
    "ints": (changed_out(lambda out, *_: out.astype(int)), "out is int64"),
    "complex": (changed_out(lambda out, *_: out + 0j), "complex128"),
    "objects": (changed_out(lambda out, *_: out.astype(object)), "object"),
    "list": (changed_out(lambda out, *_: out.tolist()), "out is a list"),
    "none": (lambda *_: None, "returned None"),
    "only out": (lambda *a: solved.conv_forward_naive(*a)[0], "returned a ndarray"),
    "nan": (changed_out(lambda out, *_: out * np.nan), "all of it is nan"),
    "transposed": (
        changed_out(lambda out, *_: out.transpose(0, 1, 3, 2)),
        "exchanged",
    ),
    "flat": (changed_out(lambda out, *_: out.ravel()), "has shape"),
    "changes x": (changes_x, "changed x"),
    "memory order": (needs_contiguous, "out["),
    "wrong arguments": (lambda x, w: None, "TypeError"),
    "exits": (lambda *_: exit(1), "SystemExit"),
}


@pytest.mark.parametrize("name", WRONG_CONV_FORWARD)
def test_wrong_conv_forward(name):
    function, hint = WRONG_CONV_FORWARD[name]
    results = check_conv_forward(function)
    assert failed(results) and hint in messages(results), messages(results)


def edited_backward(change):
    def backward(dout, cache):
        dx, dw, db = solved.conv_backward_naive(dout, cache)
        return change(dx, dw, db, dout, cache)

    return backward


def crop_with_minus_pad(dout, cache):
    x, w, b, conv_param = cache
    pad = conv_param["pad"]
    wide = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    param = {"stride": conv_param["stride"], "pad": 0}
    dx, dw, db = solved.conv_backward_naive(dout, (wide, w, b, param))
    return dx[:, :, pad:-pad, pad:-pad], dw, db


class Accumulates:
    """Adds up gradients from call to call."""

    total = 0

    def __call__(self, dout, cache):
        dx, dw, db = solved.conv_backward_naive(dout, cache)
        self.total = db if np.shape(self.total) != db.shape else self.total + db
        return dx, dw, self.total


WRONG_CONV_BACKWARD = {
    "pad:-pad": (crop_with_minus_pad, "pad:-pad is 0:0 when pad is 0"),
    "order": (edited_backward(lambda dx, dw, db, *_: (dw, dx, db)), "dx has shape"),
    "two values": (edited_backward(lambda dx, dw, db, *_: (dx, dw)), "2 values"),
    "db list": (
        edited_backward(lambda dx, dw, db, *_: (dx, dw, list(db))),
        "db is a list",
    ),
    "float64": (
        edited_backward(lambda dx, dw, db, *_: (dx.astype(float), dw, db)),
        "dx is float64",
    ),
    "keeps state": (Accumulates(), "second call"),
}


@pytest.mark.parametrize("name", WRONG_CONV_BACKWARD)
def test_wrong_conv_backward(name):
    function, hint = WRONG_CONV_BACKWARD[name]
    results = check_conv_backward(solved.conv_forward_naive, function)
    assert failed(results) and hint in messages(results), messages(results)


def test_mistakes_fail_only_where_they_matter():
    results = check_conv_backward(solved.conv_forward_naive, crop_with_minus_pad)
    names = {result.name for result in results if result.passed}
    assert {"padding 1", "padding 2", "stride 2, padding 1"} <= names
    assert "stride 1, no padding" in failed(results)


def test_a_global_cache_is_found():
    store = {}

    def forward(*arguments):
        store["cache"] = solved.conv_forward_naive(*arguments)[1]
        return solved.conv_forward_naive(*arguments)[0], None

    def backward(dout, _):
        return solved.conv_backward_naive(dout, store["cache"])

    results = check_conv_backward(forward, backward)
    assert failed(results) == {"two caches at the same time"}


def test_wrong_forward_with_its_own_backward_passes_only_the_numerical_gradient():
    def forward(x, w, b, conv_param):
        return solved.conv_forward_naive(x, w[..., ::-1, ::-1], b, conv_param)

    def backward(dout, cache):
        dx, dw, db = solved.conv_backward_naive(dout, cache)
        return dx, dw[..., ::-1, ::-1], db

    results = {r.name: r for r in check_conv_backward(forward, backward)}
    assert results["numerical gradient"].passed
    assert not results["stride 2"].passed


def test_a_cache_with_the_padded_image_is_thought_of():
    def forward(x, w, b, conv_param):
        out, _ = solved.conv_forward_naive(x, w, b, conv_param)
        pad = 2 * (0,), 2 * (0,), 2 * (conv_param["pad"],), 2 * (conv_param["pad"],)
        return out, (np.pad(x, pad), w, b, conv_param)

    results = check_conv_backward(forward, solved.conv_backward_naive)
    first = next(result for result in results if result.passed is False)
    assert "does the cache hold the padded x" in first.message


def test_unwritten_forward_makes_the_backward_check_a_todo(capsys):
    def conv_forward_naive(x, w, b, conv_param):
        raise NotImplementedError("conv_forward_naive is not written yet (here)")

    results = check_conv_backward(conv_forward_naive, solved.conv_backward_naive)
    assert [result.passed for result in results] == [None]
    assert capsys.readouterr().out == (
        "todo  conv_forward_naive is not written yet (here): the check of\n"
        "      conv_backward_naive calls it\n"
    )


def test_traits_by_hand():
    case = ConvCase("", (1, 2, 6, 5), (3, 2, 2, 2), stride=3, pad=0)  # output 2 x 2
    assert {name for name, has in case.traits.items() if has} == {
        "an image whose height and width differ",
        "stride above 1",
        "windows that do not tile",
        "more than one window",
        "several channels",
        "several filters",
    }


def test_one_window_alone_overlaps_with_none():
    assert not ConvCase("", (1, 1, 3, 4), (1, 1, 3, 4)).traits["windows that overlap"]
    assert ConvCase("", (1, 1, 3, 5), (1, 1, 3, 4)).traits["windows that overlap"]


def test_cases_can_tell_every_trait_from_every_other():
    table = [case.traits for case in (*CONV_CASES, CONV_FRACTIONS)]
    columns = {name: tuple(traits[name] for traits in table) for name in table[0]}
    assert len(set(columns.values())) == len(columns)
    for name, column in columns.items():
        assert any(column) and not all(column), name


def test_the_first_case_has_as_many_columns_as_filters():
    x, w = CONV_CASES[0].x, CONV_CASES[0].w
    assert x[3] - w[3] + 1 == w[0]
    assert len({x[0], x[1], w[0], x[2]}) == 4  # no other axis can be taken for one


def test_fractions_are_exact_in_float64_and_not_in_float32():
    arguments = Convolution().arguments(CONV_FRACTIONS)
    x, w = (arguments[name] for name in "xw")
    for array in (x, w):
        np.testing.assert_array_equal(array.astype(np.float32), array)
    out, _ = solved.conv_forward_naive(**arguments)
    whole = arguments | {"x": x * 2**17, "w": w * 2**17, "b": 0 * arguments["b"]}
    exact, _ = solved.conv_forward_naive(**whole)
    assert np.abs(exact).max() < 2**53
    bias = arguments["b"][:, None, None]
    np.testing.assert_array_equal(exact / 2**34 + bias, out)
    assert (out.astype(np.float32) != out).any()
