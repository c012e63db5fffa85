import numpy as np
import pytest

from tests.kernels.engine import needs_compiler, run_file_checked
from utils.kernels import muon, simd, threads
from utils.kernels.muon import Muon, Orthogonalizer
from utils.kernels.simd import LANES

pytestmark = needs_compiler


def newton_schulz(X):
    X = X / np.linalg.norm(X)
    a, b, c = muon.QUINTIC
    for _ in range(muon.STEPS):
        G = X.T @ X
        X = a * X + X @ (b * G + c * G @ G)
    return X


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
    optimizer, momentum = Muon(shapes, 0.6), 0.6
    weights = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    wanted = [w.astype(float) for w in weights]
    velocity = [0 * w for w in wanted]
    for _ in range(3):
        gradients = [rng.standard_normal(s).astype(np.float32) for s in shapes]
        optimizer.step(weights, gradients, 0.1)
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


def test_without_renormalising(rng):
    shape = 3, 3, LANES, LANES
    w, dw = rng.standard_normal((2, *shape), np.float32)
    step = newton_schulz(1.5 * dw.reshape(-1, LANES).astype(float)).reshape(shape)
    wanted = w - 0.1 * step
    Muon([shape], 0.5, renormalize=False).step([w], [dw], 0.1)
    np.testing.assert_allclose(w, wanted, rtol=1e-4, atol=1e-5)


def test_without_a_gradient_nothing_moves(rng):
    shapes = [(1, 1, LANES, LANES), (3, 3, LANES, LANES)]
    weights = [rng.standard_normal(shape, np.float32) for shape in shapes]
    gradients = [rng.standard_normal(shape, np.float32) for shape in shapes]
    optimizer = Muon(shapes)
    optimizer.step(weights, gradients, 0.1)
    before = weights[0].copy(), optimizer.velocity[0].copy(), weights[1].copy()
    optimizer.step(weights, [None, gradients[1]], 0.1)
    np.testing.assert_array_equal(weights[0], before[0])
    np.testing.assert_array_equal(optimizer.velocity[0], before[1])
    assert (weights[1] != before[2]).all()


def test_the_number_of_threads_does_not_matter(rng, monkeypatch):
    shapes = [(3, 3, 5, LANES), (1, 1, 2 * LANES, 2 * LANES), (3, 3, LANES, LANES)]
    start = [rng.standard_normal(shape, np.float32) for shape in shapes]
    results = []
    for workers in (1, 2, 4):
        optimizer, weights = Muon(shapes), [w.copy() for w in start]
        for more in (0, 1):  # a thread that comes later gets its memory later
            monkeypatch.setattr(threads, "count", lambda n=workers + more: n)
            optimizer.step(weights, start, 0.1)
        results.append(np.concatenate([w.ravel() for w in weights]))
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_the_velocity_can_be_read_and_written(rng):
    shape = 1, 1, 2 * LANES, LANES
    start, *gradients = rng.standard_normal((3, *shape), np.float32)
    first, second = Muon([shape]), Muon([shape])
    w = start.copy()
    first.step([w], gradients[:1], 0.1)
    assert first.velocity[0].shape == shape
    np.testing.assert_array_equal(first.velocity[0], gradients[0])
    other = w.copy()
    second.velocity[0][...] = first.velocity[0]
    for optimizer, weights in ((first, w), (second, other)):
        optimizer.step([weights], gradients[1:], 0.1)
    np.testing.assert_array_equal(w, other)


def test_what_cannot_be_done_is_refused():
    w, dw = np.ones((2, 1, 1, 2, LANES), np.float32)
    with pytest.raises(ValueError, match="dw has shape"):
        Muon([w.shape]).step([w], [dw[0]], 1)
    w.flags.writeable = False
    with pytest.raises(ValueError, match="^w is read-only"):
        Muon([w.shape]).step([w], [dw], 1)


def test_no_address_is_wrong():
    run_file_checked(__file__)


def check_addresses():
    w, dw = np.ones((2, 3, 3, LANES, LANES), np.float32)
    optimizer = Muon([w.shape])
    optimizer._make_room()
    numbers = [a for memory, _, squares in optimizer._work for a in (memory, squares)]
    with simd.watched(w, dw, *optimizer._velocity, *numbers):
        optimizer.step([w], [dw], 0.1)
    print("all addresses are right")


if __name__ == "__main__":
    check_addresses()
