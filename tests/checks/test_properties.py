"""The shared properties, on a layer small enough to see through: out = 2 * x."""

import numpy as np
import pytest

from utils.checks import properties
from utils.checks.compare import Wrong
from utils.checks.properties import Layer
from utils.checks.report import run
from utils.checks.subject import Subject


class Case:
    def __init__(self, name, shape):
        self.name, self.shape = name, shape


class Doubling(Layer):
    def arguments(self, case):
        return {"x": properties.whole_numbers(case.shape), "param": {"factor": 2}}

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


def test_views_hold_the_same_values_in_another_order():
    x = np.arange(24.0).reshape(2, 3, 4)
    view = properties.as_views({"x": x, "n": 3})
    np.testing.assert_array_equal(view["x"], x)
    assert view["n"] == 3
    assert not view["x"].flags.c_contiguous and not view["x"].flags.f_contiguous


def test_incoming_gradients_have_no_zeros_and_both_signs():
    dout = properties.make_dout(Doubling(), Doubling().arguments(Case("", (9, 9))))
    assert np.all(dout != 0) and (dout < 0).any() and (dout > 0).any()
    np.testing.assert_array_equal(dout, np.rint(dout))
