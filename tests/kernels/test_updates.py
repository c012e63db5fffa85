import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import Guarded, needs_compiler, run_file_checked
from utils import optim
from utils.kernels import simd, threads, updates
from utils.kernels.simd import LANES
from utils.kernels.updates import Adam, Muon, Nesterov, Orthogonalizer, Sgd

pytestmark = needs_compiler
EPS = 2.0**-24


def sgd(rule, w, dw, v):
    """Take the step in float64."""
    g = dw + rule.decay * w
    v = rule.momentum * v + g
    step = g + rule.momentum * v if isinstance(rule, Nesterov) else v
    return w - rule.rate * step, v


def adam(rule, w, dw, m, v, t):
    m = rule.beta1 * m + (1 - rule.beta1) * dw
    v = rule.beta2 * v + (1 - rule.beta2) * dw**2
    root = np.sqrt(v / (1 - rule.beta2**t)) + rule.epsilon
    w = w * (1 - rule.rate * rule.decay)
    return w - rule.rate * m / (1 - rule.beta1**t) / root, m, v


def newton_schulz(X):
    X = X / np.linalg.norm(X)
    a, b, c = updates.QUINTIC
    for _ in range(updates.STEPS):
        G = X.T @ X
        X = a * X + X @ (b * G + c * G @ G)
    return X


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=20 * EPS, atol=20 * EPS)


def test_two_steps_by_hand():
    for rule, expected in [
        (Sgd(0.5, 0.5), (4, 2.5)),
        (Nesterov(0.5, 0.5), (3.5, 1.75)),
    ]:
        w, dw, v = np.float32([5, 2, 0])[:, None] + np.zeros((1, LANES), np.float32)
        for wanted in expected:  # v is 2, then 3
            updates.sgd(rule, w, dw, v)
            np.testing.assert_array_equal(w, np.float32(wanted))


@given(
    size=st.sampled_from([(1,), (7,), (3, 5), (updates.SMALL // LANES + 3,)]),
    rule=st.sampled_from([Sgd(0.1), Sgd(0.1, 0.9, 0.01), Nesterov(0.2, 0.85, 0.3)]),
    workers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_sgd(size, rule, workers, seed):
    rng, guarded = np.random.default_rng(seed), Guarded()
    w, dw, v = map(guarded.copy, rng.standard_normal((3, *size, LANES), np.float32))
    wanted = sgd(rule, *(a.astype(float) for a in (w, dw, v)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "count", lambda: workers)
        updates.sgd(rule, w, dw, v)
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


def test_what_cannot_be_done_is_refused():
    w, dw, v = np.zeros((3, 2, LANES), np.float32)
    with pytest.raises(ValueError, match="velocity has shape"):
        updates.sgd(Sgd(1), w, dw, v[:1])
    with pytest.raises(ValueError, match="t is 0"):
        updates.adam(Adam(1), w, dw, v, v, 0)
    with pytest.raises(ValueError, match="dw has shape"):
        Muon([(1, 1, 2, LANES)]).step([w.reshape(1, 1, 2, -1)], [dw], 1)


def test_nothing_read_only_is_written():
    arrays = {
        name: np.ones((1, 1, 2, LANES), np.float32) for name in "w dw m v".split()
    }
    w, dw, m, v = arrays.values()
    muon = Muon([w.shape])
    calls = {
        "w": [
            lambda: updates.sgd(Sgd(1), w, dw, v),
            lambda: updates.adam(Adam(1), w, dw, m, v, 1),
            lambda: muon.step([w], [dw], 1),
        ],
        "velocity": [lambda: updates.sgd(Nesterov(1), w, dw, v)],
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


@pytest.mark.parametrize("shape", [(144, 16), (40, 40), (10, 32)])
def test_orthogonal_columns(rng, shape):
    X = rng.standard_normal(shape).astype(np.float32)
    X *= np.logspace(0, -2, shape[1], dtype=np.float32)  # far from orthogonal
    out = np.empty_like(X)
    Orthogonalizer(shape[1])(X, out)
    wanted = newton_schulz(X.astype(float))
    error = np.linalg.norm(out - wanted) / np.linalg.norm(wanted)
    assert error < 1e-4
    rank = min(shape)
    before = np.linalg.svd(X, compute_uv=False)[:rank]
    after = np.linalg.svd(out, compute_uv=False)[:rank]
    assert after.max() < 1.3
    assert after.max() / after.min() < before.max() / before.min() / 5


def test_nothing_becomes_of_nothing():
    X, out = np.zeros((5, 4), np.float32), np.ones((5, 4), np.float32)
    Orthogonalizer(4)(X, out)
    np.testing.assert_array_equal(out, 0)


def test_muon(rng):
    shapes = [(3, 3, 5, LANES), (1, 1, 2 * LANES, 2 * LANES), (3, 3, LANES, LANES)]
    muon, momentum = Muon(shapes, 0.6), 0.6
    weights = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    wanted = [w.astype(float) for w in weights]
    velocity = [0 * w for w in wanted]
    for _ in range(3):
        gradients = [rng.standard_normal(s).astype(np.float32) for s in shapes]
        muon.step(weights, gradients, 0.1)
        for i, dw in enumerate(gradients):
            velocity[i] = momentum * velocity[i] + dw
            direction = dw + momentum * velocity[i]
            K = shapes[i][-1]
            step = newton_schulz(direction.reshape(-1, K)).reshape(shapes[i])
            norm = np.linalg.norm(wanted[i])
            wanted[i] = wanted[i] * np.sqrt(K) / norm - 0.1 * step
            np.testing.assert_allclose(weights[i], wanted[i], rtol=1e-3, atol=1e-4)


def test_padding_stays_zero(rng):
    shape = 3, 3, LANES, LANES
    w, dw = (np.zeros(shape, np.float32) for _ in range(2))
    for a in (w, dw):
        a[:, :, : LANES - 1, : LANES - 2] = rng.standard_normal(
            (3, 3, LANES - 1, LANES - 2)
        )
    Muon([shape], filters=[LANES - 2]).step([w], [dw], 0.1)
    assert not w[:, :, LANES - 1].any() and not w[..., LANES - 2 :].any()
    alone = w[:, :, : LANES - 1, : LANES - 2]
    assert np.isfinite(alone).all() and alone.any()


def test_no_address_is_wrong():
    run_file_checked(__file__)


def check_addresses():
    w, dw, m, v = np.ones((4, 9 * LANES, LANES), np.float32)
    with simd.watched(w, dw, m, v):
        updates.sgd(Nesterov(0.1), w, dw, m)
        updates.adam(Adam(0.1), w, dw, m, v, 1)
    muon = Muon([(3, 3, LANES, LANES)])
    numbers = [a for memory, _, squares in muon._work for a in (memory, squares)]
    w, dw = w.reshape(3, 3, LANES, LANES), dw.reshape(3, 3, LANES, LANES)
    with simd.watched(w, dw, *muon._velocity, *numbers):
        muon.step([w], [dw], 0.1)
    print("all addresses are right")


if __name__ == "__main__":
    check_addresses()
