"""Every check accepts other algorithms and refuses wrong ones, naming the cause."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from utils import fast_layers
from utils.checks import (
    check_max_pool_backward,
    check_max_pool_forward,
)
from utils.checks.max_pool import PoolCase
from utils.exercises import conv_layers as solved


def failed(results):
    return {result.name for result in results if not result.passed}


def messages(results):
    return " ".join(result.message for result in results)


def pool_forward_view(x, pool_param):
    height, width, stride = pool_param.values()
    view = sliding_window_view(x, (height, width), axis=(2, 3))[
        :, :, ::stride, ::stride
    ]
    return view.max(axis=(4, 5)), (x, height, width, stride)


def pool_backward_shared(dout, cache):
    """Equally large values share the gradient equally."""
    x, height, width, stride = cache
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        place = np.s_[n, c, top : top + height, left : left + width]
        largest = x[place] == x[place].max()
        dx[place] += dout[n, c, i, j] * largest / largest.sum()
    return dx


CORRECT = [
    (check_max_pool_forward, (solved.max_pool_forward_naive,)),
    (check_max_pool_forward, (pool_forward_view,)),
    (check_max_pool_forward, (fast_layers.max_pool_forward_fast,)),
    (
        check_max_pool_backward,
        (solved.max_pool_forward_naive, solved.max_pool_backward_naive),
    ),
    (check_max_pool_backward, (pool_forward_view, pool_backward_shared)),
    (
        check_max_pool_backward,
        (fast_layers.max_pool_forward_fast, fast_layers.max_pool_backward_fast),
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


def pool_with(reduce):
    def pool(x, pool_param):
        height, width, stride = pool_param.values()
        out, cache = solved.max_pool_forward_naive(x, pool_param)
        for n, c, i, j in np.ndindex(out.shape):
            top, left = i * stride, j * stride
            window = x[n, c, top : top + height, left : left + width]
            out[n, c, i, j] = reduce(window)
        return out, cache

    return pool


def swapped_window(x, pool_param):
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    swapped = {"pool_height": width, "pool_width": height}
    return solved.max_pool_forward_naive(x, pool_param | swapped)


def step_is_window(x, pool_param):
    return solved.max_pool_forward_naive(
        x, pool_param | {"stride": pool_param["pool_height"]}
    )


def by_comparison(window):
    """Start from the first value: right, except that nan gets lost."""
    best = window.flat[0]
    for value in window.flat:
        best = value if value > best else best
    return best


WRONG_POOL_FORWARD = {
    "starts at 0": (pool_with(lambda w: max(0, w.max())), "negative values become 0"),
    "mean": (pool_with(np.mean), "the mean of the window"),
    "min": (pool_with(np.min), "the minimum"),
    "swapped": (swapped_window, "exchanged"),
    "step": (step_is_window, "the stride, not the size of the window"),
    "loses nan": (pool_with(by_comparison), "nan got lost"),
    "lowest": (
        pool_with(lambda w: max(w.max(), np.finfo(float).min)),
        "expected -inf",
    ),
    "view": (
        lambda x, p: (
            (x, (x, p))
            if p["pool_height"] == 1
            else solved.max_pool_forward_naive(x, p)
        ),
        "view of x",
    ),
}


@pytest.mark.parametrize("name", WRONG_POOL_FORWARD)
def test_wrong_pool_forward(name):
    function, hint = WRONG_POOL_FORWARD[name]
    results = check_max_pool_forward(function)
    assert failed(results) and hint in messages(results), messages(results)


def pool_backward_with(write):
    def backward(dout, cache):
        x, pool_param = cache
        height, width, stride = pool_param.values()
        dx = np.zeros_like(x)
        for n, c, i, j in np.ndindex(dout.shape):
            rows = slice(i * stride, i * stride + height)
            columns = slice(j * stride, j * stride + width)
            write(dx[n, c, rows, columns], x[n, c, rows, columns], dout[n, c, i, j])
        return dx

    return backward


def all_ties(part, window, value):
    part += (window == window.max()) * value


def overwrite(part, window, value):
    part[:] = (window == window.max()) * value


def overwrite_one(part, window, value):
    part[np.unravel_index(window.argmax(), window.shape)] = value


def everywhere(part, window, value):
    part += value


WRONG_POOL_BACKWARD = {
    "ties": (pool_backward_with(all_ties), "equally large values got all of dout"),
    "overwrite": (pool_backward_with(overwrite), "each pixel collects from all"),
    "overwrite one": (pool_backward_with(overwrite_one), "each pixel collects"),
    "everywhere": (pool_backward_with(everywhere), "every pixel of the window"),
    "tuple": (
        lambda dout, cache: (solved.max_pool_backward_naive(dout, cache),),
        "dx is a tuple",
    ),
    "none": (lambda dout, cache: None, "dx is None"),
}


@pytest.mark.parametrize("name", WRONG_POOL_BACKWARD)
def test_wrong_pool_backward(name):
    function, hint = WRONG_POOL_BACKWARD[name]
    results = check_max_pool_backward(solved.max_pool_forward_naive, function)
    assert failed(results) and hint in messages(results), messages(results)


def test_docstring_and_check_say_the_same_of_ties():
    results = check_max_pool_backward(
        solved.max_pool_forward_naive, pool_backward_with(all_ties)
    )
    words = "first one in row-major order receives it all (another share is right, too"
    docstring = " ".join(solved.max_pool_backward_naive.__doc__.split())
    assert words in docstring and words in messages(results)


def test_ties_are_the_only_fault_of_giving_to_all():
    results = check_max_pool_backward(
        solved.max_pool_forward_naive, pool_backward_with(all_ties)
    )
    assert {name[:4] for name in failed(results)} == {"ties"}


def test_a_case_says_what_is_special_about_it():
    plain = PoolCase("", (2, 2, 4, 4), 2, 2, 2)
    usual = {"several images", "several channels", "a stride above 1"}
    assert said(plain) == usual
    not_tiled = "windows that overlap or leave pixels out"
    changes = {
        "windows that overlap": {"height": 3, "width": 3, "x": (2, 2, 5, 5)},
        "windows that do not tile the image": {"x": (2, 2, 5, 5)},
    }
    for name, change in changes.items():
        assert said(replace(plain, **change)) - usual == {name, not_tiled}
    assert said(replace(plain, x=(2, 2, 4, 6))) - usual == {
        "an image that is not square"
    }
    assert said(replace(plain, width=4)) - usual == {"a window that is not square"}
    assert said(replace(plain, shift=-100)) - usual == {"negative values only"}
    assert said(replace(plain, fractions=True)) - usual == {"fractions"}
    assert said(PoolCase("", (1, 1, 3, 4), 3, 4, 1)) == {
        "an image that is not square",
        "a window that is not square",
    }


def said(case):
    return {name for name, is_so in case.traits.items() if is_so}
