"""Each method against a slow formula in float64, by way of an optimizer."""

import numpy as np
import pytest

from tests.optim.small import SHAPES, newton_schulz, random_arrays
from utils.optim import (
    AdamW,
    Group,
    Muon,
    Nesterov,
    Optimizer,
    Sgd,
    linear,
    methods,
    rules,
)

RATE = linear(0.3, 0.1)


def sgd(method, rate, t, w, dw, velocity):
    g = dw if method.decoupled else dw + method.decay * w
    velocity = method.momentum * velocity + g
    step = g + method.momentum * velocity if isinstance(method, Nesterov) else velocity
    w = w - rate * method.decay * w if method.decoupled else w
    return w - rate * step, velocity


def adamw(method, rate, t, w, dw, m, v):
    m = method.beta1 * m + (1 - method.beta1) * dw
    v = method.beta2 * v + (1 - method.beta2) * dw**2
    step = m / (1 - method.beta1**t)
    step /= np.sqrt(v / (1 - method.beta2**t)) + method.epsilon
    return w - rate * method.decay * w - rate * step, m, v


def muon(method, rate, t, w, dw, velocity):
    first = method.filters == "first"
    rows, K = (w.shape[0], w.shape[0]) if first else (-1, w.shape[-1])
    velocity = method.momentum * velocity + dw
    direction = dw + method.momentum * velocity
    matrix = direction.reshape((rows, -1) if first else (rows, K))
    if method.renormalize:
        w = w * np.sqrt(K) / np.linalg.norm(w)
    return w - rate * newton_schulz(matrix).reshape(w.shape), velocity


VECTORS = [
    Sgd(),
    Sgd(0.9, 0.01),
    Sgd(0.9, 0.5, decoupled=True),
    Nesterov(),
    Nesterov(0.85, 0.2),
    Nesterov(0.5, 0.2, decoupled=True),
    AdamW(),
    AdamW(0.7, 0.9, 1e-3, 0.3),
]
MATRICES = [Muon(), Muon(0.9, renormalize=False), Muon(0.5, filters="first")]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", VECTORS + MATRICES, ids=repr)
def test_the_formula(rng, method, dtype):
    formula = {AdamW: adamw, Muon: muon}.get(type(method), sgd)
    params = random_arrays(rng, dtype)
    if isinstance(method, Muon):
        params = {name: w for name, w in params.items() if w.ndim > 1}
    wanted = {name: w.astype(float) for name, w in params.items()}
    memory = {name: [0 * w] * len(method.memory) for name, w in wanted.items()}
    optimizer = Optimizer([Group("*", method, RATE)])
    optimizer.bind(params)
    for t in (1, 2, 3):
        grads = {name: random_arrays(rng, dtype)[name] for name in params}
        optimizer.step(params, grads, progress=t / 4)
        for name, dw in grads.items():
            numbers = method, RATE(t / 4), t, wanted[name], dw.astype(float)
            wanted[name], *memory[name] = formula(*numbers, *memory[name])
    # The sums of Muon's products are long; Adam divides by roots that may be small.
    bound = 1e-11 if dtype == np.float64 else 1e-5
    bound *= 100 if isinstance(method, Muon) else 1
    for name, w in params.items():
        assert w.dtype == dtype
        np.testing.assert_allclose(w, wanted[name], rtol=bound, atol=bound)


@pytest.mark.parametrize("method", VECTORS + MATRICES, ids=repr)
def test_the_engine_and_numpy_agree(rng, method, monkeypatch):
    results = []
    for engine in (True, False):
        if not engine:
            monkeypatch.setattr("utils.optim.movers.fits_engine", lambda array: False)
        own = np.random.default_rng(5)
        params = random_arrays(own)
        if isinstance(method, Muon):
            params = {name: w for name, w in params.items() if w.ndim > 1}
        optimizer = Optimizer([Group("*", method, 0.1)])
        optimizer.bind(params)
        for _ in range(3):
            grads = random_arrays(own)
            optimizer.step(params, {name: grads[name] for name in params}, 0.5)
        results.append(params | optimizer.state_dict())
    bound = 1e-4 if isinstance(method, Muon) else 2e-6
    for name, found in results[0].items():
        other = results[1][name]
        np.testing.assert_allclose(found, other, rtol=bound, atol=bound, err_msg=name)


def test_padding_is_not_counted_by_muon_and_stays_zero(rng):
    for dtype in (np.float32, np.float64):
        w, dw = np.zeros((2, *SHAPES["conv2.w"]), dtype)
        real = w.shape[-1] - 3
        w[..., :real], dw[..., :real] = rng.standard_normal((2, *w[..., :real].shape))
        optimizer = Optimizer([Group("w", Muon(), 0.0)])
        optimizer.bind({"w": w}, filters={"w": real})
        optimizer.step({"w": w}, {"w": dw}, 0)
        assert np.linalg.norm(w) == pytest.approx(np.sqrt(real), rel=1e-5)
        optimizer = Optimizer([Group("w", Muon(), 0.5)])
        optimizer.bind({"w": w})
        optimizer.step({"w": w}, {"w": dw}, 0)
        assert not w[..., real:].any() and w[..., :real].all()


def test_zeros_stay_zeros_in_muon():
    for dtype in (np.float32, np.float64):
        w = np.zeros(SHAPES["conv1.w"], dtype)
        optimizer = Optimizer([Group("w", Muon(), 0.5)])
        optimizer.bind({"w": w})
        optimizer.step({"w": w}, {"w": w.copy()}, 0)
        np.testing.assert_array_equal(w, 0)


def test_adam_and_the_rule_are_the_same(rng):
    w, dw = rng.standard_normal((2, 5))
    other, config = w.copy(), {"learning_rate": 0.1, "weight_decay": 0.2}
    optimizer = Optimizer([Group("w", AdamW(decay=0.2), 0.1)])
    optimizer.bind({"w": w})
    for _ in range(3):
        optimizer.step({"w": w}, {"w": dw}, 0)
        other, config = rules.adamw(other, dw, config)
    np.testing.assert_allclose(w, other, rtol=1e-13)


def test_blocks_do_not_matter(rng, monkeypatch):
    w = rng.standard_normal((6, 7))
    for method in VECTORS:
        results = []
        for block in (4, 1 << 14):
            monkeypatch.setattr("utils.optim.blocks.BLOCK", block)
            own = w.copy()
            optimizer = Optimizer([Group("w", method, 0.1)])
            optimizer.bind({"w": own})
            optimizer.step({"w": own}, {"w": w + 1}, 0)
            results.append(own)
        np.testing.assert_array_equal(*results)


def test_settings_that_make_no_sense_are_refused():
    for make, message in [
        (lambda: Sgd(1.0), r"momentum of Sgd is 1.0, expected a number in \[0, 1\)"),
        (lambda: Nesterov(decay=-1), "decay of Nesterov is -1, expected a finite"),
        (lambda: Sgd(decoupled=1), "decoupled of Sgd is 1, expected True or False"),
        (lambda: AdamW(beta2=True), "beta2 of AdamW is True"),
        (lambda: AdamW(epsilon=0), "epsilon of AdamW is 0, expected a finite"),
        (lambda: AdamW(decay=float("inf")), "decay of AdamW is inf"),
        (lambda: Muon(float("nan")), "momentum of Muon is nan"),
        (lambda: Muon(filters="middle"), "filters of Muon is 'middle', expected 'fi"),
    ]:
        with pytest.raises(ValueError, match=message):
            make()


def test_they_print_as_they_are_written():
    for method in VECTORS + MATRICES:
        assert eval(repr(method), vars(methods)) == method
    assert repr(Muon()) == "Muon(momentum=0.6, renormalize=True, filters='last')"
