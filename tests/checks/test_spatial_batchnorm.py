import numpy as np
import pytest

from utils import fast_layers
from utils.checks import (
    check_spatial_batchnorm_backward,
    check_spatial_batchnorm_forward,
    check_spatial_groupnorm,
)
from utils.checks.spatial_batchnorm import GROUP_CASES, GROUP_TINY
from utils.exercises import spatial_batchnorm as solved

AXES = (0, 2, 3)


def failed(results):
    return {result.name for result in results if not result.passed}


def messages(results):
    return " ".join(result.message for result in results if not result.passed)


def forward_with(
    axes=AXES,
    ddof=0,
    scale=lambda var, eps: np.sqrt(var + eps),
    test_uses_batch=False,
    test_updates=False,
    old_weight=lambda momentum: momentum,
    default_eps=1e-5,
    keep=lambda var: var,
):
    """Write spatial batchnorm without batchnorm_forward, with one step replaced."""

    def spatial_batchnorm(x, gamma, beta, bn_param):
        C = x.shape[1]
        eps = bn_param.get("eps", default_eps)
        momentum = old_weight(bn_param.get("momentum", 0.9))
        running_mean = bn_param.setdefault("running_mean", np.zeros(C, x.dtype))
        running_var = bn_param.setdefault("running_var", np.zeros(C, x.dtype))
        train = bn_param["mode"] == "train"
        if train or test_uses_batch:
            mean = x.mean(axis=axes, keepdims=True)
            var = x.var(axis=axes, keepdims=True, ddof=ddof)
        else:
            mean, var = (r[:, None, None] for r in (running_mean, running_var))
        if train or test_updates:
            means, variances = x.mean(axis=AXES), keep(x.var(axis=AXES))
            bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * means
            bn_param["running_var"] = (
                momentum * running_var + (1 - momentum) * variances
            )
        x_hat = (x - mean) / scale(var, eps)
        out = gamma[:, None, None] * x_hat + beta[:, None, None]
        return out.astype(x.dtype), (x, gamma, mean, var, eps, train)

    return spatial_batchnorm


def backward_by_hand(dout, cache):
    """Follow the paper's chain of derivatives."""
    x, gamma, mean, var, eps, train = cache
    M = x.size // x.shape[1]
    std = np.sqrt(var + eps)
    dhat = dout * gamma[:, None, None]
    dvar = (-0.5 * dhat * (x - mean) / std**3).sum(axis=AXES, keepdims=True)
    dmean = -(dhat / std).sum(axis=AXES, keepdims=True)
    dx = dhat / std
    if train:
        dx += dvar * 2 * (x - mean) / M + dmean / M
    return dx, (dout * (x - mean) / std).sum(axis=AXES), dout.sum(axis=AXES)


def reshape_forward(x, gamma, beta, bn_param):
    """The mistake that eight of 47 published solutions make."""
    rows = x.reshape(-1, x.shape[1])
    out, cache = solved.batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(x.shape), cache


def reshape_backward(dout, cache):
    rows = dout.reshape(-1, dout.shape[1])
    dx, dgamma, dbeta = solved.batchnorm_backward(rows, cache)
    return dx.reshape(dout.shape), dgamma, dbeta


RIGHT = (solved.spatial_batchnorm_forward, solved.spatial_batchnorm_backward)
FAST = (
    fast_layers.spatial_batchnorm_forward_fast,
    fast_layers.spatial_batchnorm_backward_fast,
)


@pytest.mark.parametrize(
    "pair",
    [RIGHT, (forward_with(), backward_by_hand), FAST],
    ids=["rows", "axes", "fast"],
)
def test_correct_implementations_pass(pair):
    forward = check_spatial_batchnorm_forward(pair[0])
    assert not failed(forward), messages(forward)
    backward = check_spatial_batchnorm_backward(*pair)
    assert not failed(backward), messages(backward)
    assert len(forward) + len(backward) > 30


def forgets_gamma(x, gamma, beta, bn_param):
    return solved.spatial_batchnorm_forward(x, np.ones_like(gamma), beta, bn_param)


def not_moved_back(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out, cache = solved.batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(N, C, H, W), cache


def overwrites_running(x, gamma, beta, bn_param):
    """Works on a copy of bn_param, so the running averages get lost."""
    return solved.spatial_batchnorm_forward(x, gamma, beta, dict(bn_param))


def centres_in_place(x, gamma, beta, bn_param):
    out, cache = solved.spatial_batchnorm_forward(x, gamma, beta, bn_param)
    x -= x.mean(axis=AXES, keepdims=True)
    return out, cache


def in_test_mode(change):
    """Spatial batchnorm that goes wrong in test mode only."""

    def forward(x, gamma, beta, bn_param):
        out, cache = solved.spatial_batchnorm_forward(x, gamma, beta, bn_param)
        return (change(x, out) if bn_param["mode"] == "test" else out), cache

    return forward


def overwrite(x, out):
    x[...] = out
    return x


def float64_averages(x, gamma, beta, bn_param):
    """Start the averages as float64, which makes test mode float64 after training."""
    C, train = x.shape[1], bn_param["mode"] == "train"
    for name in ("running_mean", "running_var"):
        bn_param.setdefault(name, np.zeros(C))
    out, cache = solved.spatial_batchnorm_forward(x, gamma, beta, bn_param)
    return (out if train else out + 0 * bn_param["running_mean"][0]), cache


WRONG_FORWARD = {
    "reshape": (reshape_forward, "values of different channels are mixed"),
    "not moved back": (not_moved_back, "not moved back"),
    "per pixel": (forward_with(axes=(0,)), "for every pixel"),
    "per image": (forward_with(axes=(2, 3)), "for every image and channel"),
    "all channels": (forward_with(axes=(0, 1, 2, 3)), "over all channels together"),
    "M - 1": (forward_with(ddof=1), "divided by M - 1"),
    "eps outside": (
        forward_with(scale=lambda var, eps: np.sqrt(var) + eps),
        "inside the root",
    ),
    "no eps": (forward_with(scale=lambda var, eps: np.sqrt(var)), "eps is not used"),
    "fixed eps": (
        forward_with(scale=lambda var, eps: np.sqrt(var + 1e-5)),
        "eps is 1e-5 whatever",
    ),
    "no root": (forward_with(scale=lambda var, eps: var + eps), "expected by its root"),
    "eps 1e-8": (forward_with(default_eps=1e-8), "eps is 1e-8"),
    "no gamma": (forgets_gamma, "gamma is not used"),
    "batch in test": (forward_with(test_uses_batch=True), "statistics of this batch"),
    "test updates": (forward_with(test_updates=True), "test mode changed bn_param"),
    "momentum": (
        forward_with(old_weight=lambda m: 1 - m),
        "momentum belongs to the old",
    ),
    "running std": (forward_with(keep=np.sqrt), "this is the standard deviation"),
    "running M-1": (
        forward_with(keep=lambda v: v * 40 / 39),
        "running_var",
    ),
    "running lost": (overwrites_running, "is missing after a forward pass"),
    "changes x": (centres_in_place, "changed x"),
    "test overwrites x": (in_test_mode(overwrite), "changed x"),
    "test float64": (
        in_test_mode(lambda x, out: out.astype(float)),
        "out is float64 although the inputs are float32",
    ),
    "float64 averages": (
        float64_averages,
        "after a training batch, out is float64 although the inputs are float32",
    ),
}


@pytest.mark.parametrize("name", WRONG_FORWARD)
def test_wrong_forward(name):
    function, hint = WRONG_FORWARD[name]
    results = check_spatial_batchnorm_forward(function)
    assert failed(results) and hint in messages(results), messages(results)


@pytest.mark.parametrize(
    "forward",
    [
        forward_with(test_uses_batch=True),
        *(WRONG_FORWARD[name][0] for name in WRONG_FORWARD if name[:5] == "test "),
    ],
)
def test_test_mode_mistakes_leave_training_green(forward):
    names = failed(check_spatial_batchnorm_forward(forward))
    assert names and all("test mode" in name for name in names)


def edited(change):
    def backward(dout, cache):
        return change(*solved.spatial_batchnorm_backward(dout, cache), dout, cache)

    return backward


def constants(dout, cache):
    x_hat, gamma, std, _ = cache
    _, dgamma, dbeta = solved.spatial_batchnorm_backward(dout, cache)
    return (gamma / std)[:, None, None] * dout, dgamma, dbeta


def ignores_test_mode(dout, cache):
    x_hat, gamma, std, _ = cache
    return solved.spatial_batchnorm_backward(dout, (x_hat, gamma, std, "train"))


def only_after_training(dout, cache):
    assert cache[3] == "train"
    return solved.spatial_batchnorm_backward(dout, cache)


def only_the_mean(dout, cache):
    """Right in training mode; in test mode the mean is still no constant."""
    dx, dgamma, dbeta = solved.spatial_batchnorm_backward(dout, cache)
    if cache[3] == "test":
        dx = dx - dx.mean(axis=AXES, keepdims=True)
    return dx, dgamma, dbeta


WRONG_IN_TEST_MODE = {
    "ignores": (ignores_test_mode, "the derivative of training mode"),
    "mean": (only_the_mean, "the derivative of training mode"),
    "stops": (only_after_training, "the backward pass has to work in test mode too"),
}


@pytest.mark.parametrize("name", WRONG_IN_TEST_MODE)
def test_backward_that_is_wrong_in_test_mode_only(name):
    function, hint = WRONG_IN_TEST_MODE[name]
    results = check_spatial_batchnorm_backward(RIGHT[0], function)
    assert {"test mode gradients", "test mode gradients, single image"} <= failed(
        results
    )
    assert all("test mode" in name for name in failed(results))
    assert hint in messages(results)


WRONG_BACKWARD = {
    "constants": (constants, "they are no constants"),
    "means": (
        edited(lambda dx, dg, db, dout, _: (dx, dg, dout.mean(axis=AXES))),
        "this is a mean, expected a sum",
    ),
    "exchanged": (
        edited(lambda dx, dg, db, *_: (dx, db, dg)),
        "in the order (dx, dbeta",
    ),
    "dgamma shape": (
        edited(lambda dx, dg, db, *_: (dx, dg[:, None, None], db)),
        "dgamma has shape (4, 1, 1), expected (4,)",
    ),
    "reshape": (reshape_backward, "values of different channels are mixed"),
    "offset": (edited(lambda dx, dg, db, *_: (dx + 0.01, dg, db)), "sum to zero"),
}


@pytest.mark.parametrize("name", WRONG_BACKWARD)
def test_wrong_backward(name):
    function, hint = WRONG_BACKWARD[name]
    results = check_spatial_batchnorm_backward(RIGHT[0], function)
    assert failed(results) and hint in messages(results), messages(results)


def test_consistent_reshape_fools_only_the_numerical_gradient():
    results = {
        result.name: result
        for result in check_spatial_batchnorm_backward(
            reshape_forward, reshape_backward
        )
    }
    assert results["numerical gradient"].passed
    assert not results["channels of different mean and scale"].passed


def test_no_group_case_has_as_many_images_as_groups():
    assert all(case.x[0] != case.G for case in (*GROUP_CASES, GROUP_TINY))


def transposed_backward(dout, cache):
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 3, 1, 2).reshape(-1, C)
    dx, dgamma, dbeta = solved.batchnorm_backward(rows, cache)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta


def test_axes_in_a_wrong_order_are_named_once_and_nothing_else_is():
    results = check_spatial_batchnorm_backward(RIGHT[0], transposed_backward)
    message = next(r.message for r in results if r.passed is False)
    assert message.count("transpose puts H last") == 1
    assert message.count("in the same way") == 2
    assert "in all cases" not in message and "through the mean" not in str(results)


def test_group_normalisation():
    pair = (solved.spatial_groupnorm_forward, solved.spatial_groupnorm_backward)
    assert not failed(check_spatial_groupnorm(*pair))


def interleaved(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    order = np.arange(C).reshape(-1, G).T.ravel()
    ones, zeros = np.ones(C, x.dtype), np.zeros(C, x.dtype)
    out, cache = solved.spatial_groupnorm_forward(x[:, order], ones, zeros, G, gn_param)
    back = np.argsort(order)
    return gamma[:, None, None] * out[:, back] + beta[:, None, None], cache


def over_the_batch(x, gamma, beta, G, gn_param):
    groups = x.reshape(len(x), G, -1)
    eps = gn_param.get("eps", 1e-5)
    std = np.sqrt(groups.var(axis=(0, 2), keepdims=True) + eps)
    hat = ((groups - groups.mean(axis=(0, 2), keepdims=True)) / std).reshape(x.shape)
    return gamma[:, None, None] * hat + beta[:, None, None], None


@pytest.mark.parametrize(
    ("forward", "hint"),
    [(interleaved, "not every G-th"), (over_the_batch, "run over the batch")],
)
def test_wrong_group_normalisation(forward, hint):
    results = check_spatial_groupnorm(forward, solved.spatial_groupnorm_backward)
    assert hint in messages(results), messages(results)


def test_group_normalisation_that_is_not_written(capsys):
    def todo(*_):
        raise NotImplementedError("spatial_groupnorm_forward is not written yet (x.py)")

    results = check_spatial_groupnorm(todo, todo)
    assert [result.passed for result in results] == [None]
    assert capsys.readouterr().out.count("\n") == 1
