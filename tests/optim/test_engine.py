import numpy as np
import pytest

from tests.kernels.engine import needs_compiler
from utils.optim import adam, adamw, engine

SHAPES = [(engine.LARGE,), (130, 127), (engine.LARGE - 1,)]


def steps(rule, w, gradients, config=None):
    for dw in gradients:
        w, config = rule(w, dw, config)
    return w, config


@pytest.mark.parametrize("rule", [adam, adamw])
@pytest.mark.parametrize("shape", SHAPES)
def test_float32_moves_like_float64(rng, rule, shape):
    w, *gradients = rng.standard_normal((4, *shape))
    small = w.astype(np.float32)
    wanted, exact = steps(rule, w.copy(), gradients)
    rounded = [dw.astype(np.float32) for dw in gradients]
    got, config = steps(rule, small.copy(), rounded)
    again, _ = steps(rule, small.copy(), rounded)
    np.testing.assert_array_equal(got, again)
    assert got.dtype == np.float32 and config["t"] == 3
    # A step moves a weight by 1e-3, with an error of some roundings of float32.
    np.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-7)
    for key in "mv":
        np.testing.assert_allclose(config[key], exact[key], rtol=1e-5, atol=1e-7)


@needs_compiler
@pytest.mark.parametrize(
    "size", [0, 3, engine.LARGE - 1, engine.LARGE, engine.LARGE + 3]
)
def test_numpy_gets_what_is_left_over(size):
    w, dw, m, v = np.ones((4, size), np.float32)
    config = {"learning_rate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8}
    rest = engine.move_by_adam({**config, "t": 1, "m": m, "v": v}, w, dw)
    left = size - engine.LARGE if size >= engine.LARGE else size
    for a, b in zip(rest, (w, dw, m, v), strict=True):
        assert len(a) == left and (not left or np.shares_memory(a, b[-left:]))
    assert (w[: size - left] < 1).all() and (w[size - left :] == 1).all()


@needs_compiler
@pytest.mark.parametrize("other", ["float64", "read-only dw", "F order", "no compiler"])
def test_all_other_arrays_are_left_to_numpy(monkeypatch, other):
    w, dw = np.ones((2, 128, 128), np.float32)
    if other == "float64":
        w, dw = w.astype(float), dw.astype(float)
    elif other == "read-only dw":
        dw.flags.writeable = False
    elif other == "F order":
        dw = np.asfortranarray(np.ones((128, 128), np.float32))
    else:
        monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    config = {"m": np.zeros_like(w), "v": np.zeros_like(w)}
    rest = engine.move_by_adam(config, w, dw)
    assert rest[0] is w and rest[1] is dw and (w == 1).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (0,), (3, 5), (200, 200)])
def test_a_total_is_finite_only_if_all_is(shape, dtype):
    array = np.full(shape, 0.5, dtype)
    assert engine.total(array) == array.size / 2
    if array.size:
        array[(-1,) * array.ndim] = np.nan
        assert np.isnan(engine.total(array))
