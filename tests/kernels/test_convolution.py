import numpy as np
import pytest

from tests import oracle
from utils import fast_layers
from utils.fast_layers import conv_backward_fast, conv_forward_fast
from utils.kernels import convolution, direct, narrow, threads
from utils.kernels.convolution import _Winograd
from utils.kernels.simd import LANES

# N, C, H, W, F, HH, WW, stride, pad, the algorithm
CONVS = [
    (3, 3, 9, 10, 5, 7, 7, 1, 3, narrow),
    (2, 1, 8, 7, 4, 3, 3, 1, 1, narrow),
    (2, 2 * LANES, 9, 7, LANES + 3, 3, 3, 1, 1, _Winograd),
    (2, LANES + 1, 6, 8, 3, 3, 3, 1, 0, _Winograd),
    (2, 2 * LANES, 9, 8, LANES, 3, 3, 2, 1, _Winograd),
    (3, 3, 7, 8, 5, 2, 3, 2, 1, direct),
    (2, 5, 6, 5, 7, 3, 3, 1, 1, direct if LANES > 8 else _Winograd),
    (2, 2 * LANES, 4, 5, LANES, 1, 1, 1, 0, direct),
    (2, LANES, 7, 7, LANES, 3, 3, 3, 3, direct),
]


def arrays(rng, shape):
    N, C, H, W, F, HH, WW, stride, pad, _ = shape
    shapes = (N, C, H, W), (F, C, HH, WW), (F,)
    x, w, b = (rng.standard_normal(s).astype(np.float32) for s in shapes)
    H_out, W_out = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    dout = rng.standard_normal((N, F, H_out, W_out)).astype(np.float32)
    return x, w, b, dout, stride, pad


def all_of(x, w, b, dout, stride, pad):
    out = np.full(dout.shape, np.nan, np.float32)
    convolution.forward(x, w, b, out, stride, pad)
    return [out, *convolution.backward(dout, x, w, stride, pad)]


def exact(x, w, b, dout, stride, pad):
    x, w, b, dout = (a.astype(float) for a in (x, w, b, dout))
    out = oracle.conv_forward(x, w, b, stride, pad)
    return [out, *oracle.conv_backward(dout, x, w, stride, pad)]


def assert_close(a, b):
    assert abs(a - b).max() <= 1e-5 * abs(b).max()


@pytest.mark.parametrize("shape", CONVS)
def test_against_the_oracle(rng, shape):
    x, w, b, dout, *param = arrays(rng, shape)
    assert convolution._way(x, w, *param)[0] is shape[-1]
    got = all_of(x, w, b, dout, *param)
    # The largest result there can be with numbers of these sizes.
    sizes = exact(*(abs(a) for a in (x, w, b, dout)), *param)
    for a, e, size in zip(got, exact(x, w, b, dout, *param), sizes, strict=True):
        assert a.shape == e.shape and a.dtype == np.float32 and a.flags.c_contiguous
        assert abs(a - e).max() <= 2.0**-18 * size.max()


def pooled(x, w, b, dout, stride, pad, dpooled):
    """Convolve, rectify and pool; give the result and all gradients."""
    out = np.full(dpooled.shape, np.nan, np.float32)
    how = dout.shape, stride, pad
    kept = convolution.forward_pooled(x, w, b, out, *how)
    return [out, *convolution.backward_pooled(dpooled, x, w, *kept, *how)]


def exact_pooled(x, w, b, dout, stride, pad, dpooled):
    x, w, b, dpooled = (a.astype(float) for a in (x, w, b, dpooled))
    y = oracle.conv_forward(x, w, b, stride, pad)
    z = np.maximum(y, 0)
    out = oracle.max_pool_forward(z, 2, 2, 2)
    dz = oracle.max_pool_backward(dpooled, z, 2, 2, 2)
    return [out, *oracle.conv_backward(dz * (y > 0), x, w, stride, pad)]


@pytest.mark.parametrize("batch_bytes", [2**26, 1])
@pytest.mark.parametrize("shape", CONVS)
def test_pooled_against_the_oracle(rng, monkeypatch, shape, batch_bytes):
    monkeypatch.setattr(convolution, "BATCH_BYTES", batch_bytes)
    args = arrays(rng, shape)
    N, F, H_out, W_out = args[3].shape
    dpooled = rng.standard_normal((N, F, H_out // 2, W_out // 2)).astype(np.float32)
    got, again = pooled(*args, dpooled), pooled(*args, dpooled)
    for a, b in zip(got, again, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, e in zip(got, exact_pooled(*args, dpooled), strict=True):
        assert a.shape == e.shape and a.dtype == np.float32 and a.flags.c_contiguous
        assert_close(a, e)


@pytest.mark.parametrize("shape", [CONVS[0], CONVS[2], CONVS[5]])
def test_many_images_are_done_in_batches(rng, monkeypatch, shape):
    args = arrays(rng, shape)
    whole = all_of(*args)
    monkeypatch.setattr(convolution, "BATCH_BYTES", 1)
    assert len(convolution._batches(args[0], args[3].shape, 3)) == shape[0]
    for part, one in zip(all_of(*args), whole, strict=True):
        assert_close(part, one)


@pytest.mark.parametrize("shape", [CONVS[0], CONVS[2], CONVS[5]])
@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_run_can_be_repeated_with_any_number_of_threads(
    rng, monkeypatch, shape, number
):
    args = arrays(rng, shape)
    expected = all_of(*args)
    monkeypatch.setattr(threads, "count", lambda: number)
    _Winograd._plan.cache_clear()
    once, again = all_of(*args), all_of(*args)
    for a, b, e in zip(once, again, expected, strict=True):
        np.testing.assert_array_equal(a, b)
        assert_close(a, e)
    _Winograd._plan.cache_clear()


def last(a):
    """Put the channels last in memory."""
    return np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def read_only(a):
    a = a.copy()
    a.setflags(write=False)
    return a


LAYOUTS = {
    "F order": np.asfortranarray,
    "channels last": lambda a: last(a) if a.ndim == 4 else a,
    "channels last, read-only": lambda a: read_only(last(a)) if a.ndim == 4 else a,
    "read-only": read_only,
    "big-endian": lambda a: a.astype(">f4"),
    "float64": lambda a: a.astype(np.float64),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [CONVS[0], CONVS[2], CONVS[5]])
def test_any_memory_order_and_dtype_gives_the_same_bits(rng, layout, shape):
    *inputs, stride, pad = arrays(rng, shape)
    changed = [LAYOUTS[layout](a) for a in inputs]
    expected = all_of(*inputs, stride, pad)
    for a, e in zip(all_of(*changed, stride, pad), expected, strict=True):
        np.testing.assert_array_equal(a, e, strict=True)
    for a, before in zip(changed, inputs, strict=True):
        np.testing.assert_array_equal(a, before)


def test_images_that_are_channels_last_are_not_copied(rng):
    x = last(rng.standard_normal((2, LANES, 3, 4)).astype(np.float32))
    assert np.shares_memory(convolution._last("x", x, LANES), x)
    assert not np.shares_memory(convolution._last("x", x, 2 * LANES), x)


def test_the_lessons_take_this_way_if_it_is_worth_it(rng, monkeypatch):
    x = rng.standard_normal((8, 16, 16, 16)).astype(np.float32)
    w = rng.standard_normal((16, 16, 3, 3)).astype(np.float32)
    b = rng.standard_normal(16).astype(np.float32)
    assert 8 * 16 * 16 * w.size < fast_layers.ENGINE_WORK
    calls = []
    for name in ("forward", "backward"):
        real = getattr(convolution, name)

        def spy(*args, real=real, name=name):
            calls.append(name)
            return real(*args)

        monkeypatch.setattr(convolution, name, spy)
    conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    assert calls == []
    monkeypatch.setattr(fast_layers, "ENGINE_WORK", 8 * 16 * 16 * w.size)
    out, cache = conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    grads = conv_backward_fast(out, cache)
    assert calls == ["forward", "backward"]
    for a, e in zip([out, *grads], exact(x, w, b, out, 1, 1), strict=True):
        assert_close(a, e)
    conv_forward_fast(x.astype(float), w, b, {"stride": 1, "pad": 1})
    monkeypatch.setattr(fast_layers, "ENGINE_PIXELS", 8 * 16 * 16 + 1)
    conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    monkeypatch.setattr(fast_layers, "ENGINE_PIXELS", 0)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    assert calls == ["forward", "backward"]
