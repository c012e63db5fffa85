"""The blocks: whatever arrays come, the numbers that float64 in plain order gives."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.reliability.arrays import (
    FLOATS,
    INTEGERS,
    Unchanged,
    exact,
    examples,
    is_sentence,
    whole,
)
from tests.test_blocks import NAMES
from utils import blocks, fast_blocks, fast_layers, kernels

SMALL = st.integers(1, 3)
RTOL = {2: 2e-2, 4: 1e-4, 8: 1e-9}


def functions(name):
    return (getattr(blocks, f"{name}_{way}") for way in ("forward", "backward"))


def arguments(data, name, dtypes):
    """Draw arrays of a block, and a function that gives fresh parameters."""
    N, F = data.draw(SMALL), data.draw(SMALL)
    if name.startswith("conv"):
        C, size = data.draw(SMALL), [data.draw(st.integers(2, 6)) for _ in range(2)]
        HH, WW = (data.draw(st.integers(1, 3)) for _ in range(2))
        conv = {"stride": data.draw(SMALL), "pad": data.draw(st.integers(0, 2))}
        x, w = data.draw(whole((N, C, *size), dtypes)), data.draw(whole((F, C, HH, WW)))
    else:
        D, conv = data.draw(SMALL), None
        x, w = data.draw(whole((N, D), dtypes)), data.draw(whole((D, F)))
    vectors = 3 if "_bn_" in name else 1
    arrays = [x, w, *(data.draw(whole((F,))) for _ in range(vectors))]
    windows = [data.draw(SMALL) for _ in range(3)]
    pool = dict(zip(("pool_height", "pool_width", "stride"), windows, strict=True))

    def rest():
        extra = [conv] if conv else []
        extra += [{"mode": "train", "eps": 0.5}] if "_bn_" in name else []
        return extra + ([pool] if name.endswith("pool") else [])

    return arrays, rest


def refused(forward, arrays, rest):
    try:
        forward(*arrays, *rest())
    except ValueError as error:
        assert is_sentence(error), error
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
@examples
@given(data=st.data())
def test_a_block(name, data):
    forward, backward = functions(name)
    images = name.startswith("conv")
    arrays, rest = arguments(data, name, FLOATS + INTEGERS if images else FLOATS)
    if refused(forward, [exact(a) for a in arrays], rest):
        assert refused(forward, arrays, rest)
        return
    plain = [exact(a) for a in arrays]
    expected, plain_cache = forward(*plain, *rest())
    dout = data.draw(whole(expected.shape))
    with Unchanged(*arrays, dout):
        out, cache = forward(*arrays, *rest())
        grads = backward(dout, cache)
    wanted = backward(exact(dout), plain_cache)
    rtol = max(RTOL[a.dtype.itemsize] for a in (*arrays, dout) if a.dtype.kind == "f")
    assert_close(out, expected, rtol)
    for got, want, array in zip(grads, wanted, arrays, strict=True):
        assert got.shape == want.shape == array.shape
        # Behind a rounded mean, ReLU and pooling may fall on the other side of a kink.
        if "_bn_" not in name:
            assert_close(got, want, rtol)


def assert_close(got, want, rtol):
    assert got.shape == want.shape
    limit = rtol * max(1, abs(want).max(initial=0))
    assert abs(exact(got) - want).max(initial=0) <= limit


@pytest.mark.skipif(not kernels.compiles(), reason="the shortcuts are compiled code")
@pytest.mark.parametrize("name", ["conv_relu_pool", "affine_relu"])
@examples
@given(data=st.data())
def test_a_shortcut(name, data):
    forward, backward = functions(name)
    arrays, rest = arguments(data, name, [np.float32])
    if name == "conv_relu_pool":
        rest_of = rest()
        rest_of[1].update(pool_height=2, pool_width=2, stride=2)
    plain = [exact(a) for a in arrays]
    assume(not refused(forward, plain, rest))
    expected, _ = forward(*plain, *rest())
    dout = data.draw(whole(expected.shape))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast_layers, "ENGINE_WORK", 0)
        patch.setattr(fast_layers, "ENGINE_PIXELS", 0)
        patch.setattr(fast_blocks, "AFFINE_WORK", 0)
        with Unchanged(*arrays, dout):
            out, cache = forward(*arrays, *rest())
            grads = backward(dout, cache)
    rtol = max(RTOL[a.dtype.itemsize] for a in (*arrays, dout))
    assert_close(out, expected, rtol)
    for got, array in zip(grads, arrays, strict=True):
        assert got.shape == array.shape and np.isfinite(got).all()
