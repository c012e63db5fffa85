import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import Guarded, needs_compiler, run_file_checked
from utils import optim
from utils.kernels import simd, threads, updates
from utils.kernels.simd import LANES
from utils.kernels.updates import Adam, Nesterov, Sgd, Table

pytestmark = needs_compiler
EPS = 2.0**-24


def move_by_sgd(rule, w, dw, v):
    """Take a step with a table of one row."""
    updates.sgd_table(rule, Table([w], [dw], velocity=[v]))


def sgd(rule, w, dw, v):
    """Take the step in float64."""
    g = dw + rule.decay * w
    v = rule.momentum * v + g
    step = g + rule.momentum * v if isinstance(rule, Nesterov) else v
    return rule.keep * w - rule.rate * step, v


def adam(rule, w, dw, m, v, t):
    m = rule.beta1 * m + (1 - rule.beta1) * dw
    v = rule.beta2 * v + (1 - rule.beta2) * dw**2
    root = np.sqrt(v / (1 - rule.beta2**t)) + rule.epsilon
    w = w * (1 - rule.rate * rule.decay)
    return w - rule.rate * m / (1 - rule.beta1**t) / root, m, v


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=20 * EPS, atol=20 * EPS)


def test_two_steps_by_hand():
    for rule, expected in [
        (Sgd(0.5, 0.5), (4, 2.5)),
        (Nesterov(0.5, 0.5), (3.5, 1.75)),
    ]:
        w, dw, v = np.float32([5, 2, 0])[:, None] + np.zeros((1, LANES), np.float32)
        for wanted in expected:  # v is 2, then 3
            move_by_sgd(rule, w, dw, v)
            np.testing.assert_array_equal(w, np.float32(wanted))


@given(
    size=st.sampled_from([(1,), (7,), (3, 5), (updates.SMALL // LANES + 3,)]),
    rule=st.sampled_from(
        [Sgd(0.1), Sgd(0.1, 0.9, 0.01), Nesterov(0.2, 0.85, 0.3, 0.9)]
    ),
    workers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_sgd(size, rule, workers, seed):
    rng, guarded = np.random.default_rng(seed), Guarded()
    w, dw, v = map(guarded.copy, rng.standard_normal((3, *size, LANES), np.float32))
    wanted = sgd(rule, *(a.astype(float) for a in (w, dw, v)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "count", lambda: workers)
        move_by_sgd(rule, w, dw, v)
    guarded.check()
    close(w, wanted[0])
    close(v, wanted[1])


@given(
    size=st.sampled_from([(1,), (3, 5), (updates.SMALL // LANES + 3,)]),
    rule=st.sampled_from([Adam(1e-3), Adam(0.1, 0.8, 0.99, 1e-4, 0.1)]),
    t=st.integers(1, 1000),
    seed=st.integers(0, 99),
)
def test_adam(size, rule, t, seed):
    rng, guarded = np.random.default_rng(seed), Guarded()
    w, dw, m, v = map(guarded.copy, rng.standard_normal((4, *size, LANES), np.float32))
    v *= v
    wanted = adam(rule, *(a.astype(float) for a in (w, dw, m, v)), t)
    updates.adam(rule, w, dw, m, v, t)
    guarded.check()
    for found, expected in zip((w, m, v), wanted, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_adam_is_the_one_of_optim(rng):
    w, dw = rng.standard_normal((2, 4, LANES), np.float32)
    other, config = w.copy(), {"learning_rate": 0.01}
    m, v = np.zeros((2, 4, LANES), np.float32)
    for t in (1, 2, 3):
        updates.adam(Adam(0.01), w, dw, m, v, t)
        other, config = optim.adam(other, dw, config)
    np.testing.assert_allclose(w, other, rtol=1e-6, atol=1e-7)


SIZES = [(3, 5), (1,), (2, updates.SMALL // LANES), (4,)]


@given(
    sizes=st.lists(st.sampled_from(SIZES), min_size=0, max_size=5),
    rule=st.sampled_from([Sgd(0.1, 0.9, 0.01), Nesterov(0.2, 0.8), Adam(0.1)]),
    workers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_a_table_is_the_same_as_one_after_the_other(sizes, rule, workers, seed):
    rng, guarded = np.random.default_rng(seed), Guarded()
    names = ("w", "dw", "m", "v") if isinstance(rule, Adam) else ("w", "dw", "velocity")
    rows = [
        [abs(rng.standard_normal((*size, LANES), np.float32)) for _ in names]
        for size in sizes
    ]
    t = rng.integers(1, 50, len(rows))
    columns = [list(map(guarded.copy, column)) for column in zip(*rows, strict=True)]
    table = Table(**dict(zip(names, columns or [[]] * len(names), strict=True)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "count", lambda: workers)
        if isinstance(rule, Adam):
            updates.adam_table(rule, table, t)
        else:
            updates.sgd_table(rule, table)
    guarded.check()
    for row, found, step in zip(rows, table.arrays, t, strict=True):
        if isinstance(rule, Adam):
            updates.adam(rule, *row, step)
        else:
            move_by_sgd(rule, *row)
        np.testing.assert_array_equal(found, row)


def test_what_cannot_be_done_is_refused():
    w, dw, v = np.zeros((3, 2, LANES), np.float32)
    with pytest.raises(ValueError, match="velocity has shape"):
        move_by_sgd(Sgd(1), w, dw, v[:1])
    with pytest.raises(ValueError, match="t is 0"):
        updates.adam(Adam(1), w, dw, v, v, 0)


def test_nothing_read_only_is_written():
    arrays = {
        name: np.ones((1, 1, 2, LANES), np.float32) for name in "w dw m v".split()
    }
    w, dw, m, v = arrays.values()
    calls = {
        "w": [
            lambda: move_by_sgd(Sgd(1), w, dw, v),
            lambda: updates.adam(Adam(1), w, dw, m, v, 1),
        ],
        "velocity": [lambda: move_by_sgd(Nesterov(1), w, dw, v)],
        "m": [lambda: updates.adam(Adam(1), w, dw, m, v, 1)],
        "v": [lambda: updates.adam(Adam(1), w, dw, m, v, 1)],
    }
    dw.flags.writeable = False  # is only read
    for name, functions in calls.items():
        for function in functions:
            function()
            frozen = arrays["v" if name == "velocity" else name]
            frozen.flags.writeable = False
            with pytest.raises(ValueError, match=f"^{name} is read-only"):
                function()
            frozen.flags.writeable = True


def test_no_address_is_wrong():
    run_file_checked(__file__)


def check_addresses():
    w, dw, m, v = np.ones((4, 9 * LANES, LANES), np.float32)
    with simd.watched(w, dw, m, v):
        move_by_sgd(Nesterov(0.1), w, dw, m)
        updates.adam(Adam(0.1), w, dw, m, v, 1)
        updates.sgd_table(Sgd(0.1), Table([w, m], [dw, dw], velocity=[v, v]))
    print("all addresses are right")


if __name__ == "__main__":
    check_addresses()
