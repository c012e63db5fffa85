import numpy as np
import pytest

from tests.kernels.engine import needs_compiler
from tests.optim.small import LANES, random_arrays
from utils import kernels
from utils.optim import AdamW, Group, Muon, Optimizer, Sgd
from utils.optim.movers import fits_engine


@needs_compiler
@pytest.mark.parametrize(
    "array, fits",
    [
        (np.zeros((3, LANES), np.float32), True),
        (np.zeros((3, 2, 2, 2 * LANES), np.float32)[1:], True),
        (np.zeros((3, LANES)), False),
        (np.zeros((3, LANES + 1), np.float32), False),
        (np.zeros((LANES, 3), np.float32).T, False),
        (np.zeros((3, 2 * LANES), np.float32)[:, :LANES], False),
        (np.zeros((0, LANES), np.float32), False),
        (np.zeros((), np.float32), False),
    ],
)
def test_what_the_engine_takes(array, fits):
    assert fits_engine(array) == fits


def calls(monkeypatch, name):
    """Count the calls of a function of the engine."""
    module, function = name.split(".")
    found, module = [], getattr(kernels, module)
    real = getattr(module, function)

    def counting(*args, **named):
        found.append(args)
        return real(*args, **named)

    monkeypatch.setattr(module, function, counting)
    return found


@needs_compiler
def test_many_parameters_take_one_call(rng, monkeypatch):
    params, grads = random_arrays(rng), random_arrays(rng)
    for method, name in ((Sgd(), "sgd_table"), (AdamW(), "adam_table")):
        found = calls(monkeypatch, f"updates.{name}")
        tables = calls(monkeypatch, "updates.Table")
        optimizer = Optimizer([Group("*", method, 0.1)])
        optimizer.bind(params)
        for _ in range(5):
            optimizer.step(params, grads, 0)
        assert len(found) == 5 and len(tables) == 1
        assert len(found[0][1].arrays) == len(params)
        # Other arrays of the same names: looked at again.
        optimizer.step(params, grads | {"bn1.beta": grads["bn1.beta"].copy()}, 0)
        assert len(tables) == 2


@needs_compiler
def test_muon_moves_all_its_matrices_in_one_call(rng, monkeypatch):
    params, grads = random_arrays(rng), random_arrays(rng)
    params = {name: w for name, w in params.items() if w.ndim > 1}
    optimizer = Optimizer([Group("*", Muon(), 0.1)])
    optimizer.bind(params)
    found = []
    (mover,) = optimizer._movers
    step = mover._engine.step
    mover._engine.step = lambda *args: found.append(args) or step(*args)
    grads = {name: grads[name] for name in params}
    optimizer.step(params, grads, 0)
    del grads["conv2.w"]
    optimizer.step(params, grads, 0)
    optimizer.step(params, {}, 0)
    assert len(found) == 2
    assert [len(weights) for weights, _, _ in found] == [3, 3]
    assert [dw is None for dw in found[1][1]] == [False, True, False]


def test_a_forgotten_array_is_not_mistaken_for_another(rng):
    # A new gradient may get the address, and the id, of one that is gone.
    w, optimizer = np.zeros(LANES, np.float32), Optimizer([Group("w", Sgd(), 1.0)])
    optimizer.bind({"w": w})
    for i in range(20):
        optimizer.step({"w": w}, {"w": np.full(LANES, -i, np.float32)}, 0)
    np.testing.assert_array_equal(w, 190)
