import tracemalloc

import numpy as np
import pytest

from tests import oracle
from utils import fast_layers
from utils.batchnorm import batchnorm_forward
from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
    spatial_batchnorm_backward_fast,
    spatial_batchnorm_forward_fast,
)
from utils.gradient_check import numerical_gradient_array, relative_error

# N, C, H, W, F, HH, WW, stride, pad
CONVS = [
    (1, 1, 3, 3, 1, 2, 2, 1, 0),
    (2, 3, 5, 7, 4, 3, 3, 1, 1),
    (2, 3, 8, 6, 4, 3, 3, 2, 1),
    (3, 2, 9, 9, 5, 5, 3, 2, 2),
    (2, 4, 6, 7, 3, 1, 1, 1, 0),
    (1, 2, 7, 5, 3, 1, 4, 3, 2),
    (2, 1, 4, 4, 2, 4, 4, 1, 0),
    (1, 3, 6, 6, 2, 3, 3, 3, 3),
    (2, 2, 10, 8, 3, 2, 3, 4, 0),  # windows leave pixels unseen
]
POOLS = [  # N, C, H, W, pool_height, pool_width, stride
    (2, 3, 8, 8, 2, 2, 2),
    (2, 3, 7, 8, 3, 3, 2),  # overlapping
    (1, 2, 7, 8, 2, 3, 2),
    (2, 1, 5, 5, 3, 3, 1),
    (1, 2, 9, 7, 2, 2, 3),  # gaps
    (2, 2, 4, 6, 4, 6, 1),
]


def integers(rng, *shape):
    """Small integers as float64: every sum of products is exact, in any order."""
    return rng.integers(-8, 9, shape).astype(float)


@pytest.mark.parametrize("shape", CONVS)
def test_conv_is_exact_on_integers(rng, shape):
    N, C, H, W, F, HH, WW, stride, pad = shape
    x, w, b = integers(rng, N, C, H, W), integers(rng, F, C, HH, WW), integers(rng, F)
    out, cache = conv_forward_fast(x, w, b, {"stride": stride, "pad": pad})
    expected = oracle.conv_forward(x, w, b, stride, pad)
    np.testing.assert_array_equal(out, expected, strict=True)
    dout = integers(rng, *out.shape)
    grads = conv_backward_fast(dout, cache)
    expected = oracle.conv_backward(dout, x, w, stride, pad)
    for got, want in zip(grads, expected, strict=True):
        np.testing.assert_array_equal(got, want, strict=True)


@pytest.mark.parametrize("shape", CONVS[1:4])
def test_conv_gradients(rng, shape):
    N, C, H, W, F, HH, WW, stride, pad = shape
    param = {"stride": stride, "pad": pad}
    args = [rng.standard_normal(s) for s in ((N, C, H, W), (F, C, HH, WW), (F,))]
    out, cache = conv_forward_fast(*args, param)
    dout = rng.standard_normal(out.shape)
    for k, got in enumerate(conv_backward_fast(dout, cache)):

        def f(a, k=k):
            return conv_forward_fast(*args[:k], a, *args[k + 1 :], param)[0]

        expected = numerical_gradient_array(f, args[k], dout)
        assert relative_error(got, expected) < 1e-8


def test_conv_in_small_parts_gives_the_same_numbers(rng, monkeypatch):
    x, w, b = integers(rng, 5, 2, 6, 6), integers(rng, 3, 2, 3, 3), integers(rng, 3)
    whole, cache = conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    whole_grads = conv_backward_fast(whole, cache)
    monkeypatch.setattr(fast_layers, "COLUMN_BYTES", 1)  # one image at a time
    parts, cache = conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    np.testing.assert_array_equal(parts, whole)
    for got, want in zip(conv_backward_fast(whole, cache), whole_grads, strict=True):
        np.testing.assert_array_equal(got, want)


def test_conv_float32_is_within_the_rounding_bound(rng):
    x, w, b = (
        rng.standard_normal(s).astype(np.float32)
        for s in ((2, 16, 12, 11), (8, 16, 3, 3), (8,))
    )
    out, cache = conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})
    assert out.dtype == np.float32
    x, w, b = (a.astype(float) for a in (x, w, b))
    exact = oracle.conv_forward(x, w, b, 1, 1)
    # |fl - exact| <= gamma_n * sum of |products|, whatever the order of summation
    n, u = 16 * 9 + 1, 2.0**-24
    bound = n * u / (1 - n * u) * oracle.conv_forward(abs(x), abs(w), abs(b), 1, 1)
    assert np.all(abs(out - exact) <= bound)
    assert {g.dtype for g in conv_backward_fast(out, cache)} == {np.dtype(np.float32)}


@pytest.mark.parametrize("shape", POOLS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_max_pool_against_the_oracle(rng, shape, dtype):
    N, C, H, W, height, width, stride = shape
    x = rng.integers(-3, 4, (N, C, H, W)).astype(dtype)  # with ties
    param = {"pool_height": height, "pool_width": width, "stride": stride}
    out, cache = max_pool_forward_fast(x, param)
    expected = oracle.max_pool_forward(x, height, width, stride)
    np.testing.assert_array_equal(out, expected, strict=True)
    dout = rng.integers(-8, 9, out.shape).astype(dtype)
    dx = max_pool_backward_fast(dout, cache)
    expected = oracle.max_pool_backward(dout, x, height, width, stride)
    np.testing.assert_array_equal(dx, expected, strict=True)


def test_max_pool_hands_a_nan_on():
    x = np.zeros((1, 1, 4, 4))
    x[0, 0, 1, 2] = np.nan
    param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    out, _ = max_pool_forward_fast(x, param)
    np.testing.assert_array_equal(np.isnan(out[0, 0]), [[False, True], [False, False]])


def bn_args(rng, shape=(3, 4, 5, 6)):
    """Channels of very different mean and scale."""
    C = shape[1]
    x = rng.standard_normal(shape) * np.logspace(-2, 2, C)[:, None, None]
    x += np.linspace(-50, 100, C)[:, None, None]
    return x, rng.standard_normal(C), rng.standard_normal(C)


def test_spatial_batchnorm_against_the_oracle(rng):
    x, gamma, beta = bn_args(rng)
    param = {"mode": "train", "eps": 0.2, "momentum": 0.7}
    out, _ = spatial_batchnorm_forward_fast(x, gamma, beta, param)
    column = gamma[:, None, None], beta[:, None, None]
    expected = oracle.batchnorm_forward(x, *column, 0.2, axes=(0, 2, 3))
    np.testing.assert_allclose(out, expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(param["running_mean"], 0.3 * x.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(param["running_var"], 0.3 * x.var(axis=(0, 2, 3)))


def test_spatial_batchnorm_in_test_mode(rng):
    x, gamma, beta = bn_args(rng, (1, 2, 3, 4))
    param = {"mode": "test", "running_mean": np.array([1.0, 2.0])}
    param["running_var"] = np.array([4.0, 9.0])
    out, _ = spatial_batchnorm_forward_fast(x, gamma, beta, param)
    mean, var = np.array([1.0, 2.0]), np.array([4.0, 9.0])
    x_hat = (x - mean[:, None, None]) / np.sqrt(var + 1e-5)[:, None, None]
    np.testing.assert_allclose(
        out, gamma[:, None, None] * x_hat + beta[:, None, None], rtol=1e-12
    )
    np.testing.assert_array_equal(param["running_mean"], mean)
    np.testing.assert_array_equal(param["running_var"], var)


@pytest.mark.parametrize("mode", ["train", "test"])
def test_spatial_batchnorm_gradients(rng, mode):
    x, gamma, beta = bn_args(rng, (2, 3, 3, 4))
    x = x / 10
    dout = rng.standard_normal(x.shape)
    running = {"running_mean": np.zeros(3), "running_var": np.full(3, 2.0)}

    def forward(x, gamma, beta):
        param = {"mode": mode, **running}
        return spatial_batchnorm_forward_fast(x, gamma, beta, param)

    args = (x, gamma, beta)
    grads = spatial_batchnorm_backward_fast(dout, forward(*args)[1])
    for k in range(3):

        def f(a, k=k):
            return forward(*args[:k], a, *args[k + 1 :])[0]

        assert relative_error(grads[k], numerical_gradient_array(f, args[k], dout)) < (
            1e-6
        )


def test_spatial_batchnorm_float32_beside_a_large_mean(rng):
    x = (1e4 + rng.standard_normal((8, 2, 16, 16))).astype(np.float32)
    ones, zeros = np.ones(2, np.float32), np.zeros(2, np.float32)
    param = {"mode": "train"}
    out, cache = spatial_batchnorm_forward_fast(x, ones, zeros, param)
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=2e-3)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), 1, atol=1e-3)
    arrays = [out, *spatial_batchnorm_backward_fast(out, cache)]
    arrays += [param["running_mean"], param["running_var"]]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def all_layers(x, w, b, gamma, beta, dout_of):
    """Everything the module computes from one set of inputs."""
    results = []
    out, cache = conv_forward_fast(x, w, b, {"stride": 2, "pad": 1})
    results += [out, *conv_backward_fast(dout_of(out), cache)]
    out, cache = max_pool_forward_fast(
        x, {"pool_height": 3, "pool_width": 2, "stride": 2}
    )
    results += [out, max_pool_backward_fast(dout_of(out), cache)]
    out, cache = spatial_batchnorm_forward_fast(x, gamma, beta, {"mode": "train"})
    results += [out, *spatial_batchnorm_backward_fast(dout_of(out), cache)]
    return results


def read_only(a):
    a = a.copy()
    a.setflags(write=False)
    return a


LAYOUTS = {
    "F order": np.asfortranarray,
    "every second": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "reversed": lambda a: a[..., ::-1].copy()[..., ::-1],
    "transposed view": lambda a: a.T.copy().T,
    "read-only": read_only,
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_any_memory_layout_gives_the_same_numbers(rng, layout):
    arrays = [integers(rng, *s) for s in ((2, 3, 7, 8), (4, 3, 3, 2), (4,), (3,), (3,))]
    change = LAYOUTS[layout]
    expected = all_layers(*arrays, np.copy)
    changed = [change(a) for a in arrays]
    before = [a.copy() for a in changed]
    got = all_layers(*changed, change)
    for a, e in zip(got, expected, strict=True):
        np.testing.assert_array_equal(a, e)
        assert a.dtype == np.float64
        assert a.flags.c_contiguous
    for a, b in zip(changed, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_integer_images_are_computed_in_float64(rng):
    x = rng.integers(0, 256, (2, 3, 7, 8), dtype=np.uint8)
    w, b = np.ones((1, 3, 3, 3)), np.zeros(1)
    out, _ = conv_forward_fast(x, w, b, {"stride": 1, "pad": 0})
    np.testing.assert_array_equal(out, oracle.conv_forward(x.astype(float), w, b, 1, 0))
    assert out.dtype == np.float64


def test_an_empty_batch_gives_an_empty_output():
    x, w = np.zeros((0, 3, 8, 8)), np.zeros((4, 3, 3, 3))
    out, cache = conv_forward_fast(x, w, np.zeros(4), {"stride": 1, "pad": 1})
    assert out.shape == (0, 4, 8, 8)
    dx, dw, _ = conv_backward_fast(out, cache)
    assert dx.shape == x.shape
    np.testing.assert_array_equal(dw, np.zeros(w.shape))
    out, cache = max_pool_forward_fast(
        x, {"pool_height": 2, "pool_width": 2, "stride": 2}
    )
    assert max_pool_backward_fast(out, cache).shape == x.shape


def test_errors():
    x, w = np.zeros((2, 3, 8, 8)), np.zeros((4, 3, 3, 3))
    param = {"stride": 1, "pad": 0}
    with pytest.raises(ValueError, match=r"b has shape \(3,\), expected \(4,\)"):
        conv_forward_fast(x, w, np.zeros(3), param)
    _, cache = conv_forward_fast(x, w, np.zeros(4), param)
    with pytest.raises(ValueError, match=r"dout has shape \(2, 4, 8, 8\), expected"):
        conv_backward_fast(np.zeros((2, 4, 8, 8)), cache)
    pool = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, cache = max_pool_forward_fast(x, pool)
    with pytest.raises(ValueError, match=r"dout has shape \(2, 3, 3, 4\)"):
        max_pool_backward_fast(np.zeros((2, 3, 3, 4)), cache)
    ones = np.ones(3)
    with pytest.raises(ValueError, match=r"gamma has shape \(3, 1, 1\)"):
        spatial_batchnorm_forward_fast(x, ones[:, None, None], ones, {"mode": "train"})
    with pytest.raises(ValueError, match="is 'eval', expected 'train' or 'test'"):
        spatial_batchnorm_forward_fast(x, ones, ones, {"mode": "eval"})
    with pytest.raises(ValueError, match="empty batch"):
        spatial_batchnorm_forward_fast(x[:0], ones, ones, {"mode": "train"})
    with pytest.raises(ValueError, match="expected 4 axes"):
        spatial_batchnorm_forward_fast(x[0], ones, ones, {"mode": "train"})


def with_threads(monkeypatch, number):
    monkeypatch.setattr(fast_layers.threads, "count", lambda: number)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_the_number_of_threads_changes_rounding_at_most(rng, monkeypatch, number):
    shapes = ((6, 3, 9, 8), (4, 3, 3, 2), (4,), (3,), (3,))
    exact = [integers(rng, *s) for s in shapes]
    rounded = [rng.standard_normal(s).astype(np.float32) for s in shapes]
    expected = [all_layers(*arrays, np.copy) for arrays in (exact, rounded)]
    with_threads(monkeypatch, number)
    for got, want in zip(all_layers(*exact, np.copy), expected[0], strict=True):
        np.testing.assert_array_equal(got, want)
    again = all_layers(*rounded, np.copy)
    for k, got in enumerate(all_layers(*rounded, np.copy)):
        np.testing.assert_allclose(got, expected[1][k], rtol=1e-4, atol=1e-5)
        np.testing.assert_array_equal(got, again[k])  # a run can be repeated


def test_the_backward_pass_of_wide_layers_needs_little_memory(rng):
    x, w = rng.standard_normal((512, 64, 1, 1)), rng.standard_normal((64, 64, 1, 1))
    out, cache = conv_forward_fast(x, w, np.zeros(64), {"stride": 1, "pad": 0})
    conv_backward_fast(out, cache)
    tracemalloc.start()
    conv_backward_fast(out, cache)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # 512 gradients of w, one for each image, would be 16 MiB
    assert peak < 6 * 2**20


BAD_BN_PARAMS = [
    ({}, "'mode'.* is None, expected 'train' or 'test'"),
    ({"mode": "eval"}, "is 'eval', expected 'train' or 'test'"),
    ({"mode": "test", "running_mean": np.zeros(2)}, r"shape \(2,\), expected \(3,\)"),
    ({"mode": "train", "running_var": np.zeros((1, 3))}, r"shape \(1, 3\)"),
    ({"mode": "train", "running_mean": np.zeros(3, int)}, "has dtype int64"),
    ({"mode": "train", "momentum": 2}, "'momentum'.* is 2, .* from 0 to 1"),
    ({"mode": "train", "eps": -1}, "'eps'.* is -1, expected a number >= 0"),
]


@pytest.mark.parametrize("bn_param, sentence", BAD_BN_PARAMS)
@pytest.mark.parametrize("forward", [spatial_batchnorm_forward_fast, batchnorm_forward])
def test_a_bad_bn_param_is_refused_and_left_alone(forward, bn_param, sentence):
    x = np.ones((2, 3, 4, 4) if forward is spatial_batchnorm_forward_fast else (2, 3))
    before = dict(bn_param)
    with pytest.raises(ValueError, match=sentence):
        forward(x, np.ones(3), np.zeros(3), bn_param)
    assert bn_param.keys() == before.keys()


@pytest.mark.parametrize("forward", [spatial_batchnorm_forward_fast, batchnorm_forward])
@pytest.mark.parametrize("mode", ["train", "test"])
def test_float32_survives_float64_settings(rng, forward, mode):
    shape = (2, 3, 4, 4) if forward is spatial_batchnorm_forward_fast else (6, 3)
    x = rng.standard_normal(shape).astype(np.float32)
    bn_param = {"mode": mode, "eps": np.float64(1e-5), "momentum": np.float64(0.9)}
    bn_param |= {"running_mean": np.zeros(3), "running_var": np.ones(3)}
    out, _ = forward(x, np.ones(3), np.zeros(3), bn_param)
    assert out.dtype == np.float32


def test_big_endian_float32_is_computed_in_float32(rng):
    x = rng.standard_normal((1, 1, 4, 4)).astype(">f4")
    out, _ = conv_forward_fast(x, x, np.zeros(1), {"stride": 1, "pad": 0})
    assert out.dtype == np.float32
