"""The shared properties, on a layer small enough to see through: out = 2 * x."""

import itertools

import numpy as np
import pytest

from utils.checks import inputs, properties
from utils.checks.compare import Wrong
from utils.checks.layer import Layer
from utils.checks.report import run
from utils.checks.subject import Subject


class Case:
    def __init__(self, name, shape):
        self.name, self.shape = name, shape


class Doubling(Layer):
    def arguments(self, case):
        return {"x": inputs.whole_numbers(case.shape), "param": {"factor": 2}}

    def forward(self, x, param):
        return 2 * x

    def backward(self, dout, x, param):
        return (2 * dout,)


CASES = (Case("flat", (2, 3)), Case("deep", (3, 2)))


def forward(x, param):
    return param["factor"] * x, param["factor"]


def backward(dout, cache):
    return cache * dout


def check(forward, backward):
    layer = Doubling()
    first = run(
        "forward",
        properties.forward_properties(layer, CASES, CASES[0]),
        Subject(forward),
    )
    second = run(
        "backward",
        properties.backward_properties(layer, CASES, CASES[0]),
        Subject(forward),
        Subject(backward),
    )
    return {result.name: result for result in first + second if not result.passed}


def test_a_correct_layer_has_all_properties():
    assert check(forward, backward) == {}


def forward_in_place(x, param):
    x *= 2
    return x.copy(), 2


def forward_in_float64(x, param):
    return 2.0 * x.astype(np.float64), 2


def forward_view(x, param):
    x *= 2
    return x, 2


def forward_adds_a_key(x, param):
    param["done"] = True
    return 2 * x, 2


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        (forward_in_place, {"leaves its inputs unchanged"}),
        (forward_adds_a_key, {"leaves its inputs unchanged"}),
        (forward_in_float64, {"keeps float32 and float64"}),
        (forward_view, {"leaves its inputs unchanged", "output is a new array"}),
    ],
)
def test_wrong_forward_passes_lose_just_their_property(wrong, names):
    assert (
        set(check(wrong, backward)) - {"leaves dout and the cache unchanged"} == names
    )


class Stateful:
    count = 0

    def __call__(self, dout, cache):
        self.count += 1
        return 2 * dout if self.count == 1 else 3 * dout


def backward_in_place(dout, cache):
    dout *= 2
    return dout


def test_wrong_backward_passes():
    assert "leaves dout and the cache unchanged" in check(forward, backward_in_place)
    assert "same answer when called twice" in check(forward, backward_in_place)
    assert "shapes of the gradients" in check(forward, lambda dout, _: dout.T)
    assert "numerical gradient" in check(forward, lambda dout, _: 2.001 * dout)
    assert check(forward, Stateful())


def test_a_student_cannot_disturb_what_is_expected():
    arguments = Doubling().arguments(CASES[0])
    with pytest.raises(Wrong):
        properties.out_is_right(
            Doubling(), CASES[0], Subject(lambda x, param: (x.fill(0) or x, None))
        )
    np.testing.assert_array_equal(arguments["x"], Doubling().arguments(CASES[0])["x"])


def count_calls(dout, cache):
    count_calls.total = count_calls.total + dout if np.ndim(count_calls.total) else dout
    return 2 * count_calls.total


def test_gradients_that_grow_are_told_from_other_state():
    count_calls.total = 0
    failed = check(forward, count_calls)
    assert "start at zero" in failed["same answer when called twice"].message
    factors = itertools.cycle([2, 3])
    failed = check(forward, lambda dout, cache: next(factors) * dout)
    assert "changed what is in" in failed["same answer when called twice"].message


def test_a_failure_after_another_forward_pass_is_explained():
    kept = {}

    def forward_into_a_global(x, param):
        kept["x"] = x
        return 2 * x, None

    def backward_from_it(dout, cache):
        return 2 * dout + 0 * kept["x"]

    failed = check(forward_into_a_global, backward_from_it)
    message = failed["two caches at the same time"].message
    assert "stopped with ValueError" in message and "nothing in globals" in message


def test_float32_gradients_are_judged_too():
    def coarse(dout, cache):
        return 2 * dout * np.array(1 + 1e-4 * (dout.dtype == np.float32), dout.dtype)

    assert set(check(forward, coarse)) == {"keeps float32 and float64"}


def test_what_is_remembered_by_shape_is_found():
    outs, gradients = {}, {}

    def remembering_forward(x, param):
        key = x.shape, x.dtype
        return outs.setdefault(key, 2 * x).copy(), 2

    def remembering_backward(dout, cache):
        return gradients.setdefault((dout.shape, dout.dtype), 2 * dout).copy()

    for failed in (
        check(remembering_forward, backward),
        check(forward, remembering_backward),
    ):
        assert set(failed) - {"numerical gradient"} == {"same shape, other values"}
        message = failed["same shape, other values"].message
        assert "remembered in a global" in message


def test_what_was_wrong_before_is_not_taken_for_remembered():
    failed = check(lambda x, param: (3 * x, 2), backward)
    assert "remembered" not in failed["same shape, other values"].message


def test_the_key_that_was_changed_is_named():
    def counting(x, param):
        param["count"] = 1 + param.get("count", 0)
        return 2 * x, 2

    def forgetful(x, param):
        param["factor"] = 3
        return 2 * x, 2

    name = "leaves its inputs unchanged"
    message = check(counting, backward)[name].message
    assert "changed param['count']: param belongs to the caller" in message
    message = check(forgetful, backward)[name].message
    assert "changed param['factor']: param belongs to the caller" in message

    class Averaging(Doubling):
        may_change = ("mean", "count")

    properties.forward_keeps_inputs(Averaging(), CASES[0], Subject(counting))
    with pytest.raises(Wrong, match="only mean and count may change there"):
        properties.forward_keeps_inputs(Averaging(), CASES[0], Subject(forgetful))
