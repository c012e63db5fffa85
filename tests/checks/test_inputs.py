import numpy as np

from utils.checks.inputs import as_dtype, as_views, make_dout, whole_numbers


class Doubling:
    def forward(self, x):
        return 2 * x


def test_whole_numbers_hold_both_ends_and_can_be_repeated():
    x = whole_numbers((40, 40), low=-2, high=2)
    assert x.dtype == np.float64 and set(np.unique(x)) == {-2, -1, 0, 1, 2}
    np.testing.assert_array_equal(x, whole_numbers((40, 40), low=-2, high=2))


def test_arrays_in_dictionaries_are_converted_too():
    given = {"x": np.zeros(2), "param": {"mean": np.ones(2), "pad": 1}}
    single = as_dtype(given, np.float32)
    assert single["x"].dtype == single["param"]["mean"].dtype == np.float32
    assert single["param"]["pad"] == 1 and given["x"].dtype == np.float64


def test_views_hold_the_same_values_in_another_order():
    x = np.arange(24.0).reshape(2, 3, 4)
    view = as_views({"x": x, "n": 3})
    np.testing.assert_array_equal(view["x"], x)
    assert view["n"] == 3
    assert not view["x"].flags.c_contiguous and not view["x"].flags.f_contiguous


def test_incoming_gradients_have_no_zeros_and_both_signs():
    dout = make_dout(Doubling(), {"x": np.zeros((9, 9))})
    assert np.all(dout != 0) and (dout < 0).any() and (dout > 0).any()
    np.testing.assert_array_equal(dout, np.rint(dout))
