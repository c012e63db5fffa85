import numpy as np
import pytest

from utils.checks import rounding
from utils.gradient_check import relative_error


def test_gamma_is_a_little_more_than_n_times_u():
    u = 2.0**-24
    assert rounding.gamma(1, np.float32) == pytest.approx(u)
    assert 1000 * u < rounding.gamma(1000, np.float32) < 1001 * u


@pytest.mark.parametrize("n", [10, 1000])
def test_sums_in_float32_keep_the_bound_and_a_lost_term_does_not(rng, n):
    a, b = rng.standard_normal((2, 5, n))
    a, b = a.astype(np.float32), b.astype(np.float32)
    right = (a.astype(np.float64) * b).sum(axis=1)
    limit = rounding.of_sums(n, np.float32, np.abs(a * b).sum(axis=1), right)
    one_by_one = np.zeros(5, np.float32)
    for k in range(n):
        one_by_one += a[:, k] * b[:, k]
    assert 0 < relative_error(one_by_one, right) <= limit
    lost = one_by_one - a[:, 0] * b[:, 0]
    assert relative_error(lost, right) > limit


def test_the_limit_of_zeros_is_zero():
    assert rounding.of_sums(3, np.float32, np.ones(2), np.zeros(2)) == 0


def test_a_moved_question_moves_the_answer_by_its_condition(rng):
    x = {"x": 1000 + rng.standard_normal(50), "n": 3}
    others = [rounding.moved(x, np.float32, seed) for seed in range(3)]
    assert all(other["n"] == 3 for other in others)
    assert all(0 < abs(o["x"] - x["x"]).max() <= 1010 * 2.0**-24 for o in others)

    def centred(x, n):
        return x - x.mean()

    limit = rounding.of_moved(50, [centred(**o) for o in others], centred(**x))
    single = centred(x["x"].astype(np.float32), 3)
    assert relative_error(single, centred(**x)) <= limit < 0.05


def test_only_arrays_count_and_lose_their_sign():
    given = {"x": np.array([-1.0, 2]), "param": {"pad": 1}}
    assert rounding.count(given.values()) == 2
    assert rounding.absolute(given)["x"].tolist() == [1, 2]
    assert rounding.absolute(given)["param"] is given["param"]
