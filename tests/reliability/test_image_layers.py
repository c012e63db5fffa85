"""The layers for images: whatever array comes, right numbers or one sentence.

Given layers and solved exercises alike; convolutions also where they go to the engine.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests import oracle
from tests.reliability.arrays import (
    FLOATS,
    INTEGERS,
    Unchanged,
    exact,
    examples,
    is_sentence,
    same_numbers,
    whole,
)
from utils import fast_layers, kernels
from utils.batchnorm import batchnorm_backward, batchnorm_forward
from utils.exercises import conv_layers, spatial_batchnorm

watch = kernels.watch
ROOT = Path(__file__).resolve().parents[2]
SPECIALS = np.nan, np.inf, -np.inf
SMALL = st.integers(0, 3)
CONVS = {
    "fast": (fast_layers.conv_forward_fast, fast_layers.conv_backward_fast),
    "naive": (conv_layers.conv_forward_naive, conv_layers.conv_backward_naive),
}
POOLS = {
    "fast": (fast_layers.max_pool_forward_fast, fast_layers.max_pool_backward_fast),
    "naive": (conv_layers.max_pool_forward_naive, conv_layers.max_pool_backward_naive),
}
NORMS = {
    "fast": (
        fast_layers.spatial_batchnorm_forward_fast,
        fast_layers.spatial_batchnorm_backward_fast,
    ),
    "exercise": (
        spatial_batchnorm.spatial_batchnorm_forward,
        spatial_batchnorm.spatial_batchnorm_backward,
    ),
}


@pytest.fixture(scope="module")
def all_in_the_engine():
    """Send every float32 convolution to the engine room, however small."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_layers, "ENGINE_WORK", 0)
        patch.setattr(fast_layers, "ENGINE_PIXELS", 0)
        if watch.CHECKED:
            patch.setattr(kernels.threads, "_together", watched_calls)
            patch.setattr(
                kernels.threads, "each_above", lambda *a: kernels.threads.each(*a[2:])
            )
        yield


def watched_calls(calls, real=kernels.threads._together):
    """Let kernels touch the arrays that they were given, and nothing else."""
    arrays = {id(a): a for call in calls for a in arrays_in(call[1:])}
    with watch.watched(*arrays.values()):
        real(calls)


def arrays_in(value):
    if isinstance(value, np.ndarray):
        return [value]
    inner = value if isinstance(value, tuple | list) else ()
    return [array for one in inner for array in arrays_in(one)]


@pytest.mark.slow
@pytest.mark.skipif(not kernels.compiles(), reason="the engine is compiled code")
def test_the_engine_touches_its_arrays_only():
    env = {**os.environ, "UTILS_CHECK_MEMORY": "1", "UTILS_TEST_EXAMPLES": "8"}
    command = [sys.executable, "-m", "pytest", "-q", __file__, "-k", "in_the_engine"]
    subprocess.run(command, cwd=ROOT, env=env, check=True)


def refuses(call, *arguments):
    """Tell whether a call raises one clear sentence."""
    try:
        call(*arguments)
    except (TypeError, ValueError) as error:
        assert is_sentence(error), error
        return True
    return False


def convolution(data, dtypes, specials=(), least=0):
    """Draw the arguments of a convolution whose filters mostly fit."""
    N, C, F = (data.draw(st.integers(least, 3)) for _ in range(3))
    HH, WW = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    H, W = data.draw(st.integers(least, 8)), data.draw(st.integers(least, 8))
    param = {"stride": data.draw(st.integers(1, 4)), "pad": data.draw(SMALL)}
    x = data.draw(whole((N, C, H, W), dtypes, specials=specials))
    w = data.draw(whole((F, C, HH, WW), most=2))
    return x, w, data.draw(whole((F,))), param


def fits(x, w, param):
    return all(x.shape[k] + 2 * param["pad"] >= w.shape[k] for k in (2, 3))


@pytest.mark.parametrize("name", CONVS)
@examples
@given(data=st.data())
def test_convolution(name, data):
    forward, backward = CONVS[name]
    dtypes = FLOATS + INTEGERS if name == "fast" else FLOATS
    x, w, b, param = convolution(data, dtypes)
    if not fits(x, w, param):
        assert refuses(forward, x, w, b, param)
        return
    how = param["stride"], param["pad"]
    expected = oracle.conv_forward(exact(x), exact(w), exact(b), *how)
    dout = data.draw(whole(expected.shape))
    before = dict(param)
    with Unchanged(x, w, b, dout):
        out, cache = forward(x, w, b, param)
        grads = backward(dout, cache)
    assert param == before
    same_numbers(out, expected)
    wanted = oracle.conv_backward(exact(dout), exact(x), exact(w), *how)
    for got, want in zip(grads, wanted, strict=True):
        same_numbers(got, want)
    if name == "fast":
        is_float32 = x.dtype.newbyteorder("=") == np.float32
        assert {a.dtype for a in (out, *grads)} == {
            np.dtype(np.float32 if is_float32 else np.float64)
        }


@pytest.mark.parametrize("name", CONVS)
@examples
@given(data=st.data())
def test_what_is_not_finite_goes_where_the_definition_sends_it(name, data):
    x, w, b, param = convolution(data, FLOATS, SPECIALS)
    assume(fits(x, w, param))
    with np.errstate(all="ignore"), Unchanged(x, w, b):
        out, _ = CONVS[name][0](x, w, b, param)
        how = param["stride"], param["pad"]
        expected = oracle.conv_forward(exact(x), exact(w), exact(b), *how)
    same_numbers(out, expected)


@pytest.mark.skipif(not kernels.compiles(), reason="the engine is compiled code")
@examples
@given(data=st.data())
def test_convolution_in_the_engine(all_in_the_engine, data):
    x, w, b, param = convolution(data, [np.float32], SPECIALS, least=1)
    assume(fits(x, w, param))
    how = param["stride"], param["pad"]
    with np.errstate(all="ignore"):
        expected = oracle.conv_forward(exact(x), exact(w), exact(b), *how)
        dout = data.draw(whole(expected.shape))
        with Unchanged(x, w, b, dout):
            out, cache = fast_layers.conv_forward_fast(x, w, b, param)
            grads = fast_layers.conv_backward_fast(dout, cache)
        wanted = oracle.conv_backward(exact(dout), exact(x), exact(w), *how)
    for got, want in zip((out, *grads), (expected, *wanted), strict=True):
        assert got.dtype == np.float32
        # An infinity may reach further than it must, but it is never lost.
        assert not (np.isfinite(got) & ~np.isfinite(want)).any()
        if np.isfinite(exact(x)).all():
            same_numbers(got, want, rtol=5e-5)


@pytest.mark.parametrize("name", POOLS)
@examples
@given(data=st.data())
def test_max_pooling(name, data):
    forward, backward = POOLS[name]
    shape = *(data.draw(SMALL) for _ in range(2)), *(data.draw(SIDE) for _ in range(2))
    x = data.draw(whole(shape, FLOATS + INTEGERS, specials=SPECIALS))
    height, width = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4))
    param = {"pool_height": height, "pool_width": width}
    param["stride"] = data.draw(st.integers(1, 4))
    if shape[2] < height or shape[3] < width:
        assert refuses(forward, x, param)
        return
    window = height, width, param["stride"]
    expected = oracle.max_pool_forward(exact(x), *window)
    dtypes = FLOATS if x.dtype.kind == "f" else (x.dtype.type,)
    dout = data.draw(whole(expected.shape, dtypes))
    with Unchanged(x, dout), np.errstate(invalid="ignore"):
        out, cache = forward(x, param)
        dx = backward(dout, cache)
    same_numbers(out, expected)
    wanted = oracle.max_pool_backward(exact(dout), exact(x), *window)
    same_numbers(dx, wanted)


SIDE = st.integers(0, 7)


@pytest.mark.parametrize("name", NORMS)
@examples
@given(data=st.data())
def test_spatial_batchnorm(name, data):
    forward, backward = NORMS[name]
    N, H, W = (data.draw(SMALL) for _ in range(3))
    C = data.draw(st.integers(1, 3))
    x = data.draw(whole((N, C, H, W), FLOATS + INTEGERS))
    gamma, beta = data.draw(whole((C,))), data.draw(whole((C,)))
    dout = data.draw(whole((N, C, H, W)))
    mode = data.draw(st.sampled_from(["train", "test"]))
    mean, var = data.draw(whole((C,))), abs(data.draw(whole((C,))))
    param = {"mode": mode, "eps": 0.5, "running_mean": mean, "running_var": var}
    if mode == "train" and N * H * W == 0:
        before = dict(param)
        assert refuses(forward, x, gamma, beta, param)
        assert param == before
        return
    with Unchanged(x, gamma, beta, dout, mean, var):
        out, cache = forward(x, gamma, beta, param)
        grads = backward(dout, cache)
    # The matrix of all pixels, whose layer has a test of its own.
    rows = [np.moveaxis(exact(a), 1, -1).reshape(-1, C) for a in (x, dout)]
    param |= {"running_mean": exact(mean), "running_var": exact(var)}
    flat, cache = batchnorm_forward(rows[0], exact(gamma), exact(beta), param)
    wanted = batchnorm_backward(rows[1], cache)
    every = x, dout, gamma, beta, mean, var
    smallest = min(a.dtype.itemsize for a in every if a.dtype.kind == "f")
    limit = 40 * {2: 2e-2, 4: 1e-5, 8: 1e-12}[smallest]
    assert abs(out - image(flat, x.shape)).max(initial=0) <= limit
    assert abs(grads[0] - image(wanted[0], x.shape)).max(initial=0) <= limit
    for got, want in zip(grads[1:], wanted[1:], strict=True):
        assert got.shape == want.shape and abs(got - want).max(initial=0) <= limit


def image(rows, shape):
    """Turn rows of pixels back into images."""
    N, C, H, W = shape
    return np.moveaxis(rows.reshape(N, H, W, C), -1, 1)


X, FILTERS, BIAS = np.ones((2, 3, 5, 5)), np.ones((4, 3, 3, 3)), np.ones(4)
PARAM = {"stride": 1, "pad": 0}
BAD_CONVS = {
    "x is a list": ([1, 2], FILTERS, BIAS, PARAM),
    "x has three axes": (X[0], FILTERS, BIAS, PARAM),
    "x is complex": (X + 0j, FILTERS, BIAS, PARAM),
    "w is complex": (X, FILTERS + 0j, BIAS, PARAM),
    "x holds objects": (X.astype(object), FILTERS, BIAS, PARAM),
    "x holds text": (X.astype(str), FILTERS, BIAS, PARAM),
    "channels": (X[:, :2], FILTERS, BIAS, PARAM),
    "b has two axes": (X, FILTERS, BIAS[None], PARAM),
    "a stride that is no whole number": (X, FILTERS, BIAS, {"stride": 1.0, "pad": 0}),
    "a stride that is NaN": (X, FILTERS, BIAS, {"stride": np.nan, "pad": 0}),
    "stride is True": (X, FILTERS, BIAS, {"stride": True, "pad": 0}),
    "no pad": (X, FILTERS, BIAS, {"stride": 1}),
    "pad below 0": (X, FILTERS, BIAS, {"stride": 1, "pad": -1}),
    "no dictionary": (X, FILTERS, BIAS, None),
    "an empty filter": (X, FILTERS[:, :, :0], BIAS, PARAM),
}


@pytest.mark.parametrize("name", BAD_CONVS)
def test_what_is_no_convolution_is_refused(name):
    assert refuses(fast_layers.conv_forward_fast, *BAD_CONVS[name])


@pytest.mark.parametrize("change", [lambda x: x + 0j, lambda x: x.astype(object)])
def test_what_is_no_number_is_refused_by_all(change):
    x, ones = change(X), np.ones(3)
    pool = {"pool_height": 2, "pool_width": 2, "stride": 2}
    assert refuses(fast_layers.max_pool_forward_fast, x, pool)
    norm = fast_layers.spatial_batchnorm_forward_fast
    assert refuses(norm, x, ones, ones, {"mode": "train"})
