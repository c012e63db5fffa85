import numpy as np
import pytest

from utils.optim import UPDATE_RULES, adam, sgd, sgd_momentum

RULES = pytest.mark.parametrize("name", list(UPDATE_RULES))
REMEMBERING = [name for name in UPDATE_RULES if name != "sgd"]


@RULES
def test_unknown_keys_are_refused(name):
    w = np.ones(2)
    with pytest.raises(
        ValueError, match=f"{name} .*'lr_decay'.*Solver.*allowed are learning_rate"
    ):
        UPDATE_RULES[name](w, np.ones(2), {"lr_decay": 0.9})
    with pytest.raises(ValueError, match="unknown key 'lr'; allowed are learning_rate"):
        UPDATE_RULES[name](w, np.ones(2), {"lr": 0.9})
    assert (w == 1).all()


def test_a_key_of_another_rule_is_refused_with_the_allowed_ones():
    with pytest.raises(
        ValueError,
        match="sgd_momentum .*'beta1'; allowed are learning_rate, momentum, velocity",
    ):
        sgd_momentum(np.ones(2), np.ones(2), {"beta1": 0.9})


@pytest.mark.parametrize(
    "name, key, value, expected",
    [
        ("sgd", "learning_rate", -0.1, ">= 0"),
        ("sgd", "learning_rate", float("nan"), ">= 0"),
        ("sgd", "learning_rate", float("inf"), "finite"),
        ("sgd", "learning_rate", "1e-3", "a finite number"),
        ("sgd", "learning_rate", None, "a finite number"),
        ("sgd", "learning_rate", True, "a finite number"),
        ("sgd_momentum", "momentum", 1.0, r"in \[0, 1\)"),
        ("sgd_nesterov_momentum", "momentum", -0.1, r"in \[0, 1\)"),
        ("rmsprop", "decay_rate", 1, r"in \[0, 1\)"),
        ("rmsprop", "epsilon", 0, "> 0"),
        ("adam", "beta1", 1.5, r"in \[0, 1\)"),
        ("adam", "beta2", 1.0, r"in \[0, 1\)"),
        ("adam", "epsilon", -1e-8, "> 0"),
        ("adam", "t", 1.5, "an int >= 0"),
        ("adamw", "weight_decay", -0.1, ">= 0"),
        ("muon", "renormalize", 1, "True or False"),
        ("adam", "t", -1, "an int >= 0"),
    ],
)
def test_values_out_of_range_are_refused(name, key, value, expected):
    w = np.ones(2)
    with pytest.raises(ValueError, match=rf"config\['{key}'\] is .*{expected}"):
        UPDATE_RULES[name](w, np.ones(2), {key: value})
    assert (w == 1).all()


@pytest.mark.parametrize(
    "w, dw, message",
    [
        (np.ones(3, int), np.ones(3), "w is int64, expected a float32 or float64"),
        (np.ones(3, np.float16), np.ones(3), "w is float16"),
        (1.0, np.ones(3), "w is float, expected"),
        (np.ones(3), np.ones(4), r"dw has shape \(4,\), expected \(3,\)"),
        (np.ones(3), np.float64(1), r"dw is float64, expected an array"),
        (np.ones(3), None, "dw is NoneType"),
        (np.ones(3), np.ones(3, complex), "dw is complex128"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(w, dw, message):
    with pytest.raises(ValueError, match=message):
        sgd(w, dw)


def test_a_read_only_array_is_refused():
    w = np.ones(3)
    w.flags.writeable = False
    with pytest.raises(ValueError, match="w is read-only, but adam"):
        adam(w, np.ones(3))


@pytest.mark.parametrize("name", REMEMBERING)
def test_the_config_of_another_parameter_is_refused(name):
    config = UPDATE_RULES[name](np.ones((2, 3)), np.ones((2, 3)))[1]
    other = np.ones((3, 2))
    with pytest.raises(ValueError, match=r"shape \(2, 3\).*a config of its own"):
        UPDATE_RULES[name](other, np.ones((3, 2)), config)
    assert (other == 1).all()
    with pytest.raises(ValueError, match="dtype float64, .* and float32 as w has"):
        UPDATE_RULES[name](np.ones((2, 3), np.float32), np.ones((2, 3)), config)


def test_config_must_be_a_dictionary():
    with pytest.raises(ValueError, match="config is 0.1, expected a dictionary"):
        sgd(np.ones(2), np.ones(2), 0.1)
