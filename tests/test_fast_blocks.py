import numpy as np
import pytest

from tests.kernels.engine import needs_compiler
from utils import blocks, fast_blocks, fast_layers, layers

CONV = {"stride": 1, "pad": 2}
POOL = {"pool_height": 2, "pool_width": 2, "stride": 2}


@pytest.fixture
def anything_is_large(monkeypatch):
    monkeypatch.setattr(fast_layers, "ENGINE_WORK", 0)
    monkeypatch.setattr(fast_layers, "ENGINE_PIXELS", 0)
    monkeypatch.setattr(fast_blocks, "AFFINE_WORK", 0)


def conv_arrays(rng, F=5, H=9, W=8):
    x, w = rng.standard_normal((3, 3, H, W)), rng.standard_normal((F, 3, 5, 5))
    return [a.astype(np.float32) for a in (x, w, rng.standard_normal(F))]


def assert_close(got, expected):
    assert got.dtype == np.float32 and got.shape == expected.shape
    assert got.flags.c_contiguous
    assert abs(got - expected).max() <= 1e-5 * abs(expected).max()


@needs_compiler
@pytest.mark.parametrize("F", [1, 5, 32])
@pytest.mark.parametrize("size", [(8, 8), (9, 8), (7, 5)])
def test_the_shortcut_gives_the_numbers_of_the_layers(rng, anything_is_large, F, size):
    arrays = conv_arrays(rng, F, *size)
    before = [a.copy() for a in arrays]
    out, cache = blocks.conv_relu_pool_forward(*arrays, CONV, POOL)
    assert isinstance(cache, fast_blocks.PooledCache)
    # Another forward pass must not touch the cache of the first one.
    blocks.conv_relu_pool_forward(-arrays[0], *arrays[1:], CONV, POOL)
    dout = rng.standard_normal(out.shape).astype(np.float32)
    grads = blocks.conv_relu_pool_backward(dout, cache)
    exact = [a.astype(float) for a in arrays]
    wanted, cache = blocks.conv_relu_pool_forward(*exact, CONV, POOL)
    assert not isinstance(cache, fast_blocks.PooledCache)
    wanted_grads = blocks.conv_relu_pool_backward(dout.astype(float), cache)
    for a, e in zip((out, *grads), (wanted, *wanted_grads), strict=True):
        assert_close(a, e)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


@needs_compiler
def test_only_large_float32_and_2_x_2_take_the_shortcut(rng, monkeypatch):
    arrays = conv_arrays(rng)
    assert not fast_blocks.fuses_pool(*arrays, CONV, POOL)  # few images
    monkeypatch.setattr(fast_layers, "ENGINE_WORK", 0)
    assert fast_blocks.fuses_pool(*arrays, CONV, POOL)
    assert not fast_blocks.fuses_pool(arrays[0].astype(float), *arrays[1:], CONV, POOL)
    for change in ({"stride": 1}, {"pool_height": 3}, {"pool_width": 1}):
        assert not fast_blocks.fuses_pool(*arrays, CONV, POOL | change)


@pytest.mark.parametrize("x_dtype", [np.float32, np.float64])
def test_errors_are_those_of_the_layers(rng, anything_is_large, x_dtype):
    x, w, b = conv_arrays(rng)
    x = x.astype(x_dtype)
    for bad, match in (
        ((x[:, :2], w, b, CONV, POOL), "channels"),
        ((x, w, b[1:], CONV, POOL), "one bias per filter"),
        ((x, w, b, CONV, POOL | {"pool_width": 99}), "window"),
        ((x, w, b, CONV, POOL | {"stride": 0}), "stride"),
    ):
        with pytest.raises(ValueError, match=match):
            blocks.conv_relu_pool_forward(*bad)
    out, cache = blocks.conv_relu_pool_forward(x, w, b, CONV, POOL)
    with pytest.raises(ValueError, match="dout has shape .*the shape of the layer's"):
        blocks.conv_relu_pool_backward(out[1:], cache)


@pytest.mark.parametrize("M", [10, 32, 100])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_affine_is_the_layer(rng, anything_is_large, M, dtype):
    shapes = (5, 2, 4, 8), (64, M), (M,), (5, M)
    x, w, b, dout = (rng.standard_normal(s).astype(dtype) for s in shapes)
    out, cache = fast_blocks.affine_forward_fast(x, w, b)
    assert cache[0] is x and cache[1] is w and cache[2] is b
    wanted, exact = layers.affine_forward(*(a.astype(float) for a in (x, w, b)))
    got = out, *fast_blocks.affine_backward_fast(dout, cache)
    wanted = wanted, *layers.affine_backward(dout.astype(float), exact)
    for a, e in zip(got, wanted, strict=True):
        assert a.dtype == dtype and a.shape == e.shape
        assert abs(a - e).max() <= 1e-5 * abs(e).max()


@needs_compiler
@pytest.mark.parametrize("other", ["x F order", "float64 w", "D", "few", "M", "dout"])
def test_the_layer_itself_does_what_kernels_cannot(
    rng, anything_is_large, monkeypatch, other
):
    D, M = 96 - (other == "D"), 70 - 65 * (other == "M")
    x, w, b, dout = (np.ones(s, np.float32) for s in ((4, D), (D, M), (M,), (4, M)))
    if other == "x F order":
        x = np.asfortranarray(x)
    elif other == "float64 w":
        w = w.astype(float)
    elif other == "few":
        monkeypatch.setattr(fast_blocks, "AFFINE_WORK", 4 * D * M + 1)
    elif other == "dout":
        dout = dout[:, ::-1]
    calls, both = [], ("forward", "backward")
    for name in both:
        real = getattr(layers, f"affine_{name}")

        def spy(*args, real=real, name=name):
            calls.append(name)
            return real(*args)

        monkeypatch.setattr(fast_blocks, f"affine_{name}", spy)
    out, cache = fast_blocks.affine_forward_fast(x, w, b)
    fast_blocks.affine_backward_fast(dout, cache)
    assert calls == list(both)[other == "dout" :]
    np.testing.assert_array_equal(out, D + 1)


def test_affine_errors_are_those_of_the_layer(anything_is_large):
    x, w, b = (np.ones(s, np.float32) for s in ((4, 64), (64, 40), (40,)))
    with pytest.raises(ValueError, match=r"w has shape .* has 32 values"):
        fast_blocks.affine_forward_fast(x[:, :32].copy(), w, b)
    with pytest.raises(ValueError, match="one bias per column of w"):
        fast_blocks.affine_forward_fast(x, w, b[1:])
