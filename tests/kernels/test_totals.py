import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import needs_compiler, normal, run_checked
from utils.kernels import threads, totals

pytestmark = needs_compiler


@given(st.integers(0, 5 * totals.RUN), st.sampled_from([1, 2, 3]), st.integers(0, 99))
def test_against_numpy(size, workers, seed):
    x, before = normal(np.random.default_rng(seed), size), threads.count
    threads.count = lambda: workers
    try:
        once, again = totals.total(x), totals.total(x)
    finally:
        threads.count = before
    assert once == again and type(once) is float
    bound = (size + 1) * 2.0**-24 * abs(x.astype(float)).sum()
    assert abs(once - x.sum(dtype=float)) <= bound


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_one_number_that_is_not_finite_is_seen_wherever_it_stands(bad):
    x = np.zeros(2 * totals.RUN + 3, np.float32)
    for place in range(len(x)):
        x[place] = bad
        assert not np.isfinite(totals.total(x))
        x[place] = 0
    assert totals.total(x) == 0


@pytest.mark.parametrize(
    "x", [np.ones(3), np.ones((2, 2), np.float32), np.ones(8, np.float32)[::2], [1.0]]
)
def test_other_arrays_are_refused(x):
    with pytest.raises(ValueError, match="^x (is|has shape) .*expected"):
        totals.total(x)


def test_memory_is_touched_only_where_it_may_be():
    run_checked("""
import numpy as np
from utils.kernels import simd, totals

x = np.ones(7 * totals.RUN + 5, np.float32)
kept = np.empty((totals.threads.count(), totals.LANES), np.float32)
totals.np.empty = lambda *args: kept
with simd.watched(x, kept):
    assert totals.total(x) == len(x)
""")
