"""The layers for matrices: whatever array comes, right numbers or one sentence."""

import numpy as np
import pytest
from hypothesis import given
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
from utils import batchnorm, layers

SPECIALS = np.nan, np.inf, -np.inf
SIZE = st.integers(0, 5)
# Rounding in float16 and float32, for what is no sum of whole numbers.
RTOL = {2: 5e-3, 4: 1e-5, 8: 1e-12}


def native(x):
    """Give the dtype that x is computed in."""
    return x.dtype.newbyteorder("=") if x.dtype.kind == "f" else np.dtype(float)


def rounding(*arrays):
    return max(RTOL.get(a.dtype.itemsize, 1e-5) for a in arrays if a.dtype.kind == "f")


@examples
@given(data=st.data())
def test_affine(data):
    N, M = data.draw(SIZE), data.draw(SIZE)
    inner = tuple(data.draw(st.lists(st.integers(0, 3), max_size=3)))
    D = int(np.prod(inner))
    x = data.draw(whole((N, *inner), FLOATS + INTEGERS))
    w, b = data.draw(whole((D, M))), data.draw(whole((M,)))
    dout = data.draw(whole((N, M)))
    with Unchanged(x, w, b, dout):
        out, cache = layers.affine_forward(x, w, b)
        dx, dw, db = layers.affine_backward(dout, cache)
    flat = exact(x).reshape(N, D)
    same_numbers(out, flat @ exact(w) + exact(b))
    same_numbers(dx, (exact(dout) @ exact(w).T).reshape(x.shape))
    same_numbers(dw, flat.T @ exact(dout))
    same_numbers(db, exact(dout).sum(axis=0))


@examples
@given(data=st.data())
def test_relu_and_dropout(data):
    shape = tuple(data.draw(st.lists(st.integers(0, 4), max_size=4)))
    x = data.draw(whole(shape, FLOATS + INTEGERS, specials=SPECIALS))
    dout = data.draw(whole(shape, specials=SPECIALS))
    mode = data.draw(st.sampled_from(["train", "test"]))
    param = {"mode": mode, "p": 0.5, "seed": 1}
    with Unchanged(x, dout), np.errstate(invalid="ignore"):
        out, cache = layers.relu_forward(x)
        dx = layers.relu_backward(dout, cache)
        kept, mask = layers.dropout_forward(x, param)
        dkept = layers.dropout_backward(dout, mask)
        factor = np.ones(shape) if mask[1] is None else mask[1]
        assert np.isin(factor, (0, 1, 2)).all()
        same_numbers(out, np.where(exact(x) <= 0, 0, exact(x)))
        assert out.dtype.newbyteorder("=") == x.dtype.newbyteorder("=")
        same_numbers(dx, exact(dout) * (exact(x) > 0))
        same_numbers(kept, exact(x) * factor)
        same_numbers(dkept, exact(dout) * factor)


@examples
@given(data=st.data())
def test_softmax_loss(data):
    N, C = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5))
    x = data.draw(whole((N, C), FLOATS + INTEGERS, most=100))
    kinds = np.uint8, np.int8, np.int64, np.uint64
    y = np.random.default_rng(N).integers(0, C, N)
    y = y.astype(data.draw(st.sampled_from(kinds)))
    with Unchanged(x, y):
        loss, dx = layers.softmax_loss(x, y)
    shifted = exact(x) - exact(x).max(axis=1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    right = np.arange(N), y.astype(int)
    expected = (np.log(np.exp(shifted).sum(axis=1)) - shifted[right]).mean()
    rtol = rounding(dx)
    assert abs(loss - expected) <= rtol * max(1, expected)
    p[right] -= 1
    assert abs(exact(dx) - p / N).max() <= rtol
    assert dx.dtype == native(x)


@examples
@given(data=st.data())
def test_batchnorm(data):
    N, D = data.draw(st.integers(1, 6)), data.draw(SIZE)
    x = data.draw(whole((N, D), FLOATS + INTEGERS))
    gamma, beta = data.draw(whole((D,))), data.draw(whole((D,)))
    dout = data.draw(whole((N, D)))
    mode = data.draw(st.sampled_from(["train", "test"]))
    mean, var = data.draw(whole((D,))), abs(data.draw(whole((D,))))
    param = {"mode": mode, "eps": 0.5, "running_mean": mean, "running_var": var}
    with Unchanged(x, gamma, beta, dout, mean, var):
        out, cache = batchnorm.batchnorm_forward(x, gamma, beta, param)
        dx, dgamma, dbeta = batchnorm.batchnorm_backward(dout, cache)
    assert out.dtype == native(x)
    rtol = 4 * rounding(out, dout, gamma, mean, var)
    numbers = [exact(a) for a in (x, gamma, beta, dout, mean, var)]
    expected, backward = normalised(*numbers, train=mode == "train")
    limit = rtol * 40  # numbers are below 3 * sqrt(2) * 6, and sums of six of them
    for got, want in zip((out, dx, dgamma, dbeta), (expected, *backward), strict=True):
        assert got.shape == want.shape
        assert abs(exact(got) - want).max(initial=0) <= limit


def normalised(x, gamma, beta, dout, mean, var, train):
    """Normalise in float64; the gradient of x by the chain rule, matrix by matrix."""
    N = len(x)
    if train:
        out = oracle.batchnorm_forward(x, gamma, beta, 0.5, axes=0)
        mean, var = x.mean(axis=0), x.var(axis=0)
    else:
        out = gamma * (x - mean) / np.sqrt(var + 0.5) + beta
    std = np.sqrt(var + 0.5)
    hat = (x - mean) / std
    dhat = gamma * dout
    if train:
        dhat = (
            np.stack(
                [
                    (np.eye(N) - 1 / N - np.outer(h, h) / N) @ d
                    for h, d in zip(hat.T, dhat.T, strict=True)
                ],
                axis=1,
            ).reshape(x.shape)
            if x.shape[1]
            else dhat
        )
    return out, (dhat / std, (dout * hat).sum(axis=0), dout.sum(axis=0))


ONES, TRAIN, TEST = np.ones((3, 4)), {"mode": "train"}, {"mode": "test"}
_, AFFINE = layers.affine_forward(ONES, np.ones((4, 2)), np.ones(2))
_, DROPPED = layers.dropout_forward(ONES, TRAIN | {"p": 0.5})
_, NORMAL = batchnorm.batchnorm_forward(ONES, ONES[0], ONES[0], dict(TRAIN))
_, FIXED = batchnorm.batchnorm_forward(ONES, ONES[0], ONES[0], dict(TEST))
BAD = {
    "affine, dout": (layers.affine_backward, ONES, AFFINE),
    "affine, x": (layers.affine_forward, np.ones(()), ONES, np.ones(4)),
    "relu, one column": (layers.relu_backward, ONES[:, :1], ONES),
    "relu, one more axis": (layers.relu_backward, ONES[None], ONES),
    "dropout": (layers.dropout_backward, ONES[:, :1], DROPPED),
    "softmax, no classes": (layers.softmax_loss, np.ones((2, 0)), np.zeros(2, int)),
    "batchnorm, x": (batchnorm.batchnorm_forward, *ONES[:3], TRAIN),
    "batchnorm, dout": (batchnorm.batchnorm_backward, ONES[:1], NORMAL),
    "batchnorm, dout in test mode": (batchnorm.batchnorm_backward, ONES[:1], FIXED),
}


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_one_sentence(name):
    function, *arguments = BAD[name]
    with pytest.raises(ValueError) as error:
        function(*arguments)
    assert is_sentence(error.value), error.value
