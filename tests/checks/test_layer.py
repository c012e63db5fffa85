"""A layer small enough to see through: out = 2 * x."""

import numpy as np

from utils.checks.inputs import whole_numbers
from utils.checks.layer import Layer


class Case:
    shape, fractions = (9, 9), False


class Fractions(Case):
    fractions = True


class Doubling(Layer):
    def arguments(self, case):
        return {"x": whole_numbers(case.shape), "param": {"factor": 2}}

    def forward(self, x, param):
        return 2 * x

    def backward(self, dout, x, param):
        return (2 * dout,)


def test_float32_has_a_limit_of_its_own():
    layer = Doubling()
    arguments = layer.arguments(Case)
    exact, single = (
        layer.limit(layer.forward, arguments, dtype)
        for dtype in (np.float64, np.float32)
    )
    assert 0 < exact < 1e-14 < single < 1e-5

    class Smooth(Doubling):
        linear = False

    exact = Smooth().limit(layer.forward, arguments)
    assert 0 < exact < 1e-14


def test_dout_is_whole_unless_the_case_has_fractions():
    layer = Doubling()
    whole, parts = (layer.dout(c, layer.arguments(c)) for c in (Case, Fractions))
    assert whole.shape == parts.shape == (9, 9)
    np.testing.assert_array_equal(whole, np.rint(whole))
    assert np.mean(parts != parts.astype(np.float32)) > 0.5
    assert np.mean(parts != np.rint(parts)) > 0.9
