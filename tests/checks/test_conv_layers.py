"""Every check accepts other algorithms and refuses wrong ones, naming the cause."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from utils import fast_layers
from utils.checks import (
    check_conv_backward,
    check_conv_forward,
)
from utils.exercises import conv_layers as solved


def failed(results):
    return {result.name for result in results if not result.passed}


def messages(results):
    return " ".join(result.message for result in results)


def conv_forward_einsum(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    view = sliding_window_view(padded, w.shape[2:], axis=(2, 3))
    view = view[:, :, ::stride, ::stride]
    out = np.einsum("ncijpq,fcpq->nfij", view, w) + b.reshape(1, -1, 1, 1)
    return out, {"x": x, "w": w, "pad": pad, "stride": stride}


def conv_backward_shifted(dout, cache):
    """Loop over the window instead of the output; another cache layout."""
    x, w, pad, s = (cache[key] for key in ("x", "w", "pad", "stride"))
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    H_out, W_out = dout.shape[2:]
    for p in range(w.shape[2]):
        for q in range(w.shape[3]):
            place = np.s_[:, :, p : p + s * H_out : s, q : q + s * W_out : s]
            dw[:, :, p, q] = np.einsum("nfij,ncij->fc", dout, padded[place])
            dx[place] += np.einsum("nfij,fc->ncij", dout, w[:, :, p, q])
    H, W = x.shape[2:]
    return dx[:, :, pad : pad + H, pad : pad + W], dw, dout.sum(axis=(0, 2, 3))


def conv_forward_fft(x, w, b, conv_param):
    """Not exact: the limit has to let rounding of this size through."""
    stride, pad = conv_param["stride"], conv_param["pad"]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    H, W = padded.shape[2:]
    spectrum = np.fft.rfft2(padded)[:, None]
    kernel = np.conj(np.fft.rfft2(w, s=(H, W)))[None]
    full = np.fft.irfft2((spectrum * kernel).sum(axis=2), s=(H, W))
    valid = full[:, :, : H - w.shape[2] + 1, : W - w.shape[3] + 1]
    out = valid[:, :, ::stride, ::stride] + b[:, None, None]
    return out.astype(x.dtype), None


CORRECT = [
    (check_conv_forward, (solved.conv_forward_naive,)),
    (check_conv_forward, (conv_forward_einsum,)),
    (check_conv_forward, (conv_forward_fft,)),
    (check_conv_forward, (fast_layers.conv_forward_fast,)),
    (
        check_conv_backward,
        (solved.conv_forward_naive, solved.conv_backward_naive),
    ),
    (check_conv_backward, (conv_forward_einsum, conv_backward_shifted)),
    (
        check_conv_backward,
        (fast_layers.conv_forward_fast, fast_layers.conv_backward_fast),
    ),
]


@pytest.mark.parametrize(
    ("check", "functions"),
    CORRECT,
    ids=lambda v: v[-1].__name__ if isinstance(v, tuple) else v.__name__,
)
def test_correct_implementations_pass(check, functions):
    results = check(*functions)
    assert not failed(results), messages(results)
    assert len(results) > 15


def conv_with(
    forward=None, window=lambda i, s: i * s, kernel=lambda w: w, bias=lambda b: b
):
    """Build a forward pass by loops, with one step replaced."""

    def conv(x, w, b, conv_param):
        stride, pad = conv_param["stride"], conv_param["pad"]
        right, cache = solved.conv_forward_naive(x, w, b, conv_param)
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        HH, WW = w.shape[2:]
        out = np.zeros_like(right)
        for n, f, i, j in np.ndindex(out.shape):
            top, left = window(i, stride), window(j, stride)
            part = padded[n, :, top : top + HH, left : left + WW]
            out[n, f, i, j] = np.sum(part * kernel(w)[f]) + bias(b)[f]
        return out, cache

    return conv


def changed_out(change):
    def conv(x, w, b, conv_param):
        out, cache = solved.conv_forward_naive(x, w, b, conv_param)
        return change(out, x, w, b), cache

    return conv


def ceil_shape(x, w, b, conv_param):
    stride, pad = conv_param["stride"], conv_param["pad"]
    size = [x.shape[k + 2] + 2 * pad - w.shape[k + 2] for k in (0, 1)]
    shape = [1 - -s // stride for s in size]
    return np.zeros((len(x), len(w), *shape), x.dtype), None


def changes_x(x, w, b, conv_param):
    out, cache = solved.conv_forward_naive(x, w, b, conv_param)
    x += 1
    return out, cache


def changes_conv_param(x, w, b, conv_param):
    out, cache = solved.conv_forward_naive(x, w, b, conv_param)
    conv_param["H_out"] = out.shape[2]
    return out, cache


def needs_contiguous(x, w, b, conv_param):
    x = x.ravel(order="K").reshape(x.shape)  # values in the order of memory
    return solved.conv_forward_naive(x, w, b, conv_param)


WRONG_CONV_FORWARD = {
    "no bias": (conv_with(bias=lambda b: 0 * b), "b[f] is not added"),
    "flipped": (conv_with(kernel=lambda w: w[..., ::-1, ::-1]), "upside down"),
    "no stride": (conv_with(window=lambda i, s: i), "i * stride"),
    "first channel": (
        conv_with(kernel=lambda w: w * (np.arange(w.shape[1]) == 0)[:, None, None]),
        "only channel 0",
    ),
    "float64": (
        changed_out(lambda out, *_: out.astype(np.float64)),
        "out is float64 although the inputs are float32",
    ),
    "float32": (
        changed_out(lambda out, *_: out.astype(np.float32)),
        "out is float32 although the inputs are float64",
    ),
    "ints": (changed_out(lambda out, *_: out.astype(int)), "out is int64"),
    "complex": (changed_out(lambda out, *_: out + 0j), "complex128"),
    "objects": (changed_out(lambda out, *_: out.astype(object)), "object"),
    "list": (changed_out(lambda out, *_: out.tolist()), "out is a list"),
    "none": (lambda *_: None, "returned None"),
    "only out": (lambda *a: solved.conv_forward_naive(*a)[0], "returned a ndarray"),
    "nan": (changed_out(lambda out, *_: out * np.nan), "all of it is nan"),
    "ceil": (ceil_shape, "rounded down"),
    "transposed": (
        changed_out(lambda out, *_: out.transpose(0, 1, 3, 2)),
        "exchanged",
    ),
    "flat": (changed_out(lambda out, *_: out.ravel()), "has shape"),
    "changes x": (changes_x, "changed x"),
    "changes conv_param": (changes_conv_param, "changed conv_param"),
    "memory order": (needs_contiguous, "out["),
    "wrong arguments": (lambda x, w: None, "TypeError"),
    "exits": (lambda *_: exit(1), "SystemExit"),
}


@pytest.mark.parametrize("name", WRONG_CONV_FORWARD)
def test_wrong_conv_forward(name):
    function, hint = WRONG_CONV_FORWARD[name]
    results = check_conv_forward(function)
    assert failed(results) and hint in messages(results), messages(results)


def edited_backward(change):
    def backward(dout, cache):
        dx, dw, db = solved.conv_backward_naive(dout, cache)
        return change(dx, dw, db, dout, cache)

    return backward


def crop_with_minus_pad(dout, cache):
    x, w, b, conv_param = cache
    pad = conv_param["pad"]
    wide = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    param = {"stride": conv_param["stride"], "pad": 0}
    dx, dw, db = solved.conv_backward_naive(dout, (wide, w, b, param))
    return dx[:, :, pad:-pad, pad:-pad], dw, db


def crop_by_one(dout, cache):
    x, w, b, conv_param = cache
    pad = conv_param["pad"]
    wide = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    param = {"stride": conv_param["stride"], "pad": 0}
    dx, dw, db = solved.conv_backward_naive(dout, (wide, w, b, param))
    return dx[:, :, 1:-1, 1:-1] if pad else dx, dw, db


def overwrites_dx(dout, cache):
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    _, dw, db = solved.conv_backward_naive(dout, cache)
    dx = np.pad(0 * x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    HH, WW = w.shape[2:]
    for n, i, j in np.ndindex(dout.shape[0], *dout.shape[2:]):
        rows, columns = i * stride, j * stride
        value = np.tensordot(dout[n, :, i, j], w, 1)
        dx[n, :, rows : rows + HH, columns : columns + WW] = value
    return dx[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, db


def ignores_stride(dout, cache):
    x, w, b, conv_param = cache
    if conv_param["stride"] == 1:
        return solved.conv_backward_naive(dout, cache)
    out = solved.conv_forward_naive(x, w, b, conv_param | {"stride": 1})[0]
    wide = np.zeros_like(out)
    wide[:, :, : dout.shape[2], : dout.shape[3]] = dout
    return solved.conv_backward_naive(wide, (x, w, b, conv_param | {"stride": 1}))


def changes_dout(dout, cache):
    gradients = solved.conv_backward_naive(dout, cache)
    dout *= 2
    return gradients


class Accumulates:
    """Adds up gradients from call to call."""

    total = 0

    def __call__(self, dout, cache):
        dx, dw, db = solved.conv_backward_naive(dout, cache)
        self.total = db if np.shape(self.total) != db.shape else self.total + db
        return dx, dw, self.total


WRONG_CONV_BACKWARD = {
    "pad:-pad": (crop_with_minus_pad, "pad:-pad is 0:0 when pad is 0"),
    "crop by one": (crop_by_one, "pad pixels are cut off, and not 1"),
    "dx = instead of +=": (overwrites_dx, "each pixel collects from all"),
    "stride ignored": (ignores_stride, "is the step missing"),
    "db over N only": (
        edited_backward(lambda dx, dw, db, dout, _: (dx, dw, dout.sum(axis=0))),
        "db has shape",
    ),
    "db mean": (
        edited_backward(lambda dx, dw, db, dout, _: (dx, dw, db / len(dout))),
        "divided by N",
    ),
    "dw flipped": (
        edited_backward(lambda dx, dw, db, *_: (dx, dw[..., ::-1, ::-1], db)),
        "upside down",
    ),
    "order": (edited_backward(lambda dx, dw, db, *_: (dw, dx, db)), "dx has shape"),
    "two values": (edited_backward(lambda dx, dw, db, *_: (dx, dw)), "2 values"),
    "db list": (
        edited_backward(lambda dx, dw, db, *_: (dx, dw, list(db))),
        "db is a list",
    ),
    "float64": (
        edited_backward(lambda dx, dw, db, *_: (dx.astype(float), dw, db)),
        "dx is float64",
    ),
    "changes dout": (changes_dout, "changed dout"),
    "keeps state": (Accumulates(), "second call"),
}


@pytest.mark.parametrize("name", WRONG_CONV_BACKWARD)
def test_wrong_conv_backward(name):
    function, hint = WRONG_CONV_BACKWARD[name]
    results = check_conv_backward(solved.conv_forward_naive, function)
    assert failed(results) and hint in messages(results), messages(results)


def test_mistakes_fail_only_where_they_matter():
    results = check_conv_backward(solved.conv_forward_naive, crop_with_minus_pad)
    names = {result.name for result in results if result.passed}
    assert {"padding 1", "padding 2", "stride 2, padding 1"} <= names
    assert "stride 1, no padding" in failed(results)


def test_a_global_cache_is_found():
    store = {}

    def forward(*arguments):
        store["cache"] = solved.conv_forward_naive(*arguments)[1]
        return solved.conv_forward_naive(*arguments)[0], None

    def backward(dout, _):
        return solved.conv_backward_naive(dout, store["cache"])

    results = check_conv_backward(forward, backward)
    assert failed(results) == {"two caches at the same time"}


def test_wrong_forward_with_its_own_backward_passes_only_the_numerical_gradient():
    def forward(x, w, b, conv_param):
        return solved.conv_forward_naive(x, w[..., ::-1, ::-1], b, conv_param)

    def backward(dout, cache):
        dx, dw, db = solved.conv_backward_naive(dout, cache)
        return dx, dw[..., ::-1, ::-1], db

    results = {r.name: r for r in check_conv_backward(forward, backward)}
    assert results["numerical gradient"].passed
    assert not results["stride 2"].passed


def test_unwritten_forward_makes_the_backward_check_a_todo(capsys):
    def conv_forward_naive(x, w, b, conv_param):
        raise NotImplementedError("conv_forward_naive is not written yet (here)")

    results = check_conv_backward(conv_forward_naive, solved.conv_backward_naive)
    assert [result.passed for result in results] == [None]
    assert capsys.readouterr().out == (
        "todo  conv_forward_naive is not written yet (here)\n"
    )
