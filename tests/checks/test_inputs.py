import numpy as np

from utils.checks.inputs import (
    as_dtype,
    as_views,
    back_to_front,
    fractions,
    make_dout,
    whole_numbers,
)


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
    dout = make_dout((9, 9))
    assert np.all(dout != 0) and (dout < 0).any() and (dout > 0).any()
    np.testing.assert_array_equal(dout, np.rint(dout))


def test_fractions_have_just_so_many_binary_digits():
    numbers = fractions((50,), 27)
    assert 7 < np.abs(numbers).max() <= 8
    np.testing.assert_array_equal(numbers * 2**24, np.rint(numbers * 2**24))
    assert np.mean(numbers != numbers.astype(np.float32)) > 0.5
    few = fractions((50,), 20)
    np.testing.assert_array_equal(few, few.astype(np.float32))


def test_back_to_front_keeps_shapes_and_changes_values():
    x = np.arange(6.0).reshape(2, 3)
    given = {"x": x, "param": {"pad": 1}}
    other = back_to_front(given)
    np.testing.assert_array_equal(other["x"], [[5, 4, 3], [2, 1, 0]])
    assert other["param"] == {"pad": 1} and not np.shares_memory(other["x"], x)
