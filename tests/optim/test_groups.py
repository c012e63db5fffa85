import io
import re
import subprocess
import sys

import numpy as np
import pytest

from tests.kernels.engine import ROOT
from tests.optim.small import SHAPES, random_arrays
from utils.optim import AdamW, Group, Muon, Nesterov, Optimizer, Sgd, linear

GROUPS = [
    Group("conv*.w", Muon(), linear(0.24)),
    Group(["affine1.w", "bn?.gamma"], Nesterov(decay=1e-3), linear(0.5, 0.1)),
    Group("*", AdamW(), 0.01),
]


def bound(params, groups=GROUPS):
    optimizer = Optimizer(groups)
    optimizer.bind(params)
    return optimizer


def copies(arrays):
    return {name: array.copy() for name, array in arrays.items()}


def assert_equal(arrays, others):
    assert arrays.keys() == others.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, others[name], err_msg=name)


def test_the_first_group_that_matches_takes_a_parameter(rng):
    optimizer = bound(random_arrays(rng))
    assert optimizer.groups == {
        "conv*.w": ["conv1.w", "conv2.w"],
        "affine1.w, bn?.gamma": ["bn1.gamma", "affine1.w"],
        "*": ["bn1.beta", "affine1.b"],
    }
    reverse = bound(random_arrays(rng), [GROUPS[2], GROUPS[0]])
    assert reverse.groups == {"*": list(SHAPES), "conv*.w": []}


def test_each_group_has_its_method_and_rate():
    params = {name: np.ones(2) for name in ("a", "b", "c")}
    groups = [
        Group("a", Sgd(), linear(1.0)),
        Group("b", Sgd(decay=1.0), linear(0.5)),
        Group("c", AdamW(decay=0), 0.1),
    ]
    optimizer = bound(params, groups)
    optimizer.step(params, {name: np.full(2, 4.0) for name in params}, 0.5)
    np.testing.assert_allclose(params["a"], 1 - 0.5 * 4)
    np.testing.assert_allclose(params["b"], 1 - 0.25 * (4 + 1))
    np.testing.assert_allclose(params["c"], 1 - 0.1)
    assert optimizer.rates(0.5) == {"a": 0.5, "b": 0.25, "c": 0.1}


def test_a_parameter_without_a_group_is_named(rng):
    groups = [Group("conv*", Muon(), 1), Group(["a.w", "*.b"], Sgd(), 1)]
    message = "No group takes bn1.gamma, bn1.beta, affine1.w; the groups take conv*; a"
    with pytest.raises(ValueError, match=re.escape(message)):
        bound(random_arrays(rng), groups)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_frozen_is_left_alone_and_thaws(rng, dtype):
    params = random_arrays(rng, dtype)
    optimizer, grads = bound(params), random_arrays(rng, dtype)
    optimizer.step(params, grads, 0.1)
    for frozen in (["conv1.w", "bn1.beta"], list(SHAPES), ["conv1.w", "conv2.w"]):
        before, state = copies(params), optimizer.state_dict()
        given = {name: dw for name, dw in grads.items() if name not in frozen}
        optimizer.step(params, given, 0.5)
        now = optimizer.state_dict()
        for name in params:
            same = [key for key in now if key.startswith(name + ".")]
            moved = (params[name] != before[name]).any()
            assert moved == (name not in frozen), name
            for key in same:
                assert (now[key] != state[key]).any() == (name not in frozen), key
    optimizer.step(params, grads, 0.5)
    # Nothing of the pause shows: steps are counted for each parameter.
    assert optimizer.state_dict()["bn1.beta.t"] == 3
    assert optimizer.state_dict()["affine1.b.t"] == 4


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_run_goes_on_from_a_file_bit_by_bit(rng, dtype):
    params = random_arrays(rng, dtype)
    gradients = [random_arrays(rng, dtype) for _ in range(6)]
    del gradients[1]["bn1.beta"]
    first = bound(params)
    for grads in gradients[:3]:
        first.step(params, grads, 0.2)
    file = io.BytesIO()
    np.savez(file, **first.state_dict())
    file.seek(0)
    others = copies(params)
    second = bound(others)
    with np.load(file, allow_pickle=False) as state:
        second.load_state_dict(state)
    for grads in gradients[3:]:
        first.step(params, grads, 0.8)
        second.step(others, grads, 0.8)
    assert_equal(params, others)
    assert_equal(first.state_dict(), second.state_dict())


def test_a_saved_state_is_a_copy(rng):
    params = random_arrays(rng)
    optimizer = bound(params)
    state = optimizer.state_dict()
    optimizer.step(params, random_arrays(rng), 0)
    assert not any(array.any() for array in state.values())
    optimizer.load_state_dict(state)
    assert_equal(optimizer.state_dict(), state)


def test_gradients_may_come_in_other_arrays_dtypes_and_orders(rng):
    params = random_arrays(rng)
    others, grads = copies(params), random_arrays(rng)
    first, second = bound(params), bound(others)
    forms = [np.copy, np.float64, np.asfortranarray, lambda dw: dw]
    for form in forms:
        first.step(params, grads, 0)
        second.step(others, {name: form(dw) for name, dw in grads.items()}, 0)
    for name, w in params.items():
        np.testing.assert_allclose(w, others[name], rtol=1e-4, atol=1e-4)


def test_weights_of_any_order_and_shape(rng):
    w = rng.standard_normal((6, 7)).astype(np.float32)
    variants = [np.asfortranarray(w), np.repeat(w, 2, axis=1)[:, ::2], w.copy()]
    for own in variants:
        params = {"w": own, "scale": np.ones(()), "nothing": np.ones((0, 3))}
        optimizer = bound(params, [Group("*", Nesterov(), 0.1)])
        for _ in range(2):
            optimizer.step(params, copies(params), 0)
        np.testing.assert_allclose(own, variants[0], rtol=1e-6)
        # 1 - 0.1 * (1 + 0.9), then g is that, and velocity 0.9 + g
        g = 0.81
        assert params["scale"] == pytest.approx(g - 0.1 * (g + 0.9 * (0.9 + g)))


def test_gradients_are_not_changed(rng):
    params, grads = random_arrays(rng), random_arrays(rng)
    before = copies(grads)
    bound(params).step(params, grads, 0)
    assert_equal(grads, before)


def test_nothing_changes_if_an_array_does_not_fit(rng):
    params, grads = random_arrays(rng), random_arrays(rng)
    optimizer = bound(params)
    optimizer.step(params, grads, 0)
    before, state = copies(params), optimizer.state_dict()
    last = "affine1.b"
    read_only = params[last].copy()
    read_only.flags.writeable = False
    lacking = {name: w for name, w in params.items() if name != last}
    for p, g, message in [
        (
            params,
            grads | {last: np.ones(3, np.float32)},
            r"grads\['affine1.b'\] is ",
        ),
        (params, grads | {last: 1.0}, r"grads\['affine1.b'\] is float of shape None"),
        (params, grads | {"x": np.ones(3)}, "grads has x, which was not bound"),
        (params | {last: np.ones(3)}, grads, r"params\['affine1.b'\] is float64 of sh"),
        (params | {last: read_only}, grads, r"params\['affine1.b'\] is read-only"),
        (lacking, grads, "params lacks 'affine1.b'"),
    ]:
        with pytest.raises(ValueError, match=message):
            optimizer.step(p, g, 0)
    for progress in (-0.1, 2, None):
        with pytest.raises(ValueError, match="progress is"):
            optimizer.step(params, grads, progress)
    assert_equal(params, before)
    assert_equal(optimizer.state_dict(), state)
    optimizer.step(params, grads, 0)
    assert (params[last] != before[last]).any()


def test_what_makes_no_sense_is_refused(rng):
    for make, message in [
        (lambda: Group(3, Sgd(), 1), r"pattern is 3, expected a name"),
        (lambda: Group(["a", 1], Sgd(), 1), "pattern is .*, expected a name"),
        (lambda: Group("a", "sgd", 1), "method is 'sgd', expected Sgd"),
        (lambda: Group("a", Sgd(), "high"), "rate is 'high', expected a number or"),
        (lambda: Group("a", Sgd(), -1), "rate of constant is -1"),
        (lambda: Optimizer([Sgd()]), "groups has Sgd.*expected Group"),
        (
            lambda: Optimizer([Group("b", Sgd(), 1), *GROUPS, Group("b", Sgd(), 2)]),
            "groups has 'b' twice, and the first one takes all that matches",
        ),
        (
            lambda: bound({"b": np.ones(3)}, [Group("*", Muon(), 1)]),
            r"b has shape \(3,\), but Muon moves filters \(4 axes\) and matrices",
        ),
        (lambda: bound({"b": np.ones(3, int)}), r"params\['b'\] is int64, expected fl"),
    ]:
        with pytest.raises(ValueError, match=message):
            make()


def test_a_schedule_that_gives_no_rate_is_named():
    params = {"w": np.ones(3)}
    optimizer = bound(params, [Group("w", Sgd(), lambda progress: -progress)])
    optimizer.step(params, {"w": np.ones(3)}, 0)
    with pytest.raises(ValueError, match="rate of group 'w' is -1.0 at"):
        optimizer.step(params, {"w": np.ones(3)}, 1)


def test_bind_comes_first():
    optimizer = Optimizer(GROUPS)
    for call in (
        lambda: optimizer.step({}, {}, 0),
        optimizer.state_dict,
        lambda: optimizer.load_state_dict({}),
    ):
        with pytest.raises(RuntimeError, match="call bind first"):
            call()


def test_bind_forgets(rng):
    params = random_arrays(rng)
    optimizer = bound(params)
    optimizer.step(params, random_arrays(rng), 0)
    optimizer.bind(params)
    assert not any(array.any() for array in optimizer.state_dict().values())


def test_it_prints_as_it_was_written():
    optimizer = Optimizer([Group("*", Sgd(0.9), 0.1)])
    assert repr(optimizer) == (
        "Optimizer([Group(pattern=('*',), method=Sgd(momentum=0.9, decay=0.0, "
        "decoupled=False), rate=constant(rate=0.1))])"
    )


def test_lessons_do_without_the_compiler():
    code = (
        "import sys; from utils.optim import *; import numpy as np; "
        "adamw(np.ones(3), np.ones(3)); params = {'w': np.ones(16)}; "
        "o = Optimizer([Group('*', Sgd(), 1)]); o.bind(params); "
        "o.step(params, params, 0); assert 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
