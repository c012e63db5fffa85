import numpy as np
import pytest

from utils.optim.state import restore


def test_arrays_are_changed_in_place():
    arrays = {"a": np.zeros(2), "t": np.zeros((), np.int64)}
    a = arrays["a"]
    restore(arrays, {"a": np.array([1.0, np.nan]), "t": np.array(3)}, "it")
    np.testing.assert_array_equal(a, [1, np.nan])
    assert arrays["t"] == 3


@pytest.mark.parametrize(
    "state, message",
    [
        ({"a": np.ones(2)}, "This state of it lacks b: it was saved for other"),
        ({"a": np.ones(2), "b": np.ones(3), "c": 1, "d": 2}, "has unknown c, d"),
        (
            {"a": np.ones(2), "b": np.ones(4)},
            r"has b as float64 of shape \(4,\), expected float64 of shape \(3,\)",
        ),
        ({"a": np.ones(2), "b": np.ones(3, np.float32)}, "has b as float32"),
    ],
)
def test_a_state_of_something_else_changes_nothing(state, message):
    arrays = {"a": np.zeros(2), "b": np.zeros(3)}
    with pytest.raises(ValueError, match=message):
        restore(arrays, state, "it")
    assert not arrays["a"].any() and not arrays["b"].any()
