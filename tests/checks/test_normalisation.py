"""The right answers of batch and group normalisation, and their known mistakes."""

import numpy as np
import pytest

from utils.checks.normalisation import BatchNorm, BatchNormInTestMode, GroupNorm
from utils.checks.spatial_batchnorm import (
    BATCH_CASES,
    BATCH_TINY,
    GROUP_CASES,
    GROUP_TINY,
    TEST_CASES,
    check_spatial_batchnorm_backward,
    check_spatial_batchnorm_forward,
    check_spatial_groupnorm,
)
from utils.exercises import spatial_batchnorm as solved
from utils.gradient_check import numerical_gradient_array, relative_error

KINDS = {
    "batch": (BatchNorm(), BATCH_CASES),
    "test": (BatchNormInTestMode(), TEST_CASES),
    "group": (GroupNorm(), GROUP_CASES),
}


@pytest.mark.parametrize(
    ("layer", "case"),
    [
        (BatchNorm(), BATCH_TINY),
        (BatchNormInTestMode(), TEST_CASES[1]),
        (GroupNorm(), GROUP_TINY),
    ],
)
def test_right_gradients_agree_with_finite_differences(rng, layer, case):
    arguments = layer.arguments(case)
    dout = rng.normal(size=case.x)
    gradients = layer.backward(dout, **arguments)
    for name, gradient in zip(layer.gradients, gradients, strict=True):

        def out_of(value, name=name[1:]):
            return layer.forward(**{**arguments, name: value})

        numeric = numerical_gradient_array(out_of, arguments[name[1:]], dout)
        assert relative_error(gradient, numeric) < 1e-8


def test_channels_really_differ():
    for layer, cases in KINDS.values():
        x = layer.arguments(cases[0])["x"]
        means = x.mean(axis=(0, 2, 3))
        assert np.ptp(means) > 5 and x.shape[2] != x.shape[3]


def texts(kind, gradient=None):
    layer, cases = KINDS[kind]
    arguments = layer.arguments(cases[0])
    if gradient is None:
        return sorted({text for text, _ in layer.out_suspects(**arguments)[0]})
    dout = layer.forward(**arguments)
    return sorted(
        {text for text, _ in layer.gradient_suspects(dout, **arguments)[gradient][0]}
    )


def failures(results):
    return " ".join(result.message for result in results if not result.passed)


@pytest.mark.parametrize(
    ("mode", "text"),
    [("train", text) for text in texts("batch")]
    + [("test", text) for text in texts("test")],
)
def test_wrong_batchnorm_outputs_are_named(mode, text):
    layer = BatchNorm() if mode == "train" else BatchNormInTestMode()

    def forward(x, gamma, beta, bn_param):
        out, cache = solved.spatial_batchnorm_forward(x, gamma, beta, bn_param)
        if bn_param["mode"] != mode:
            return out, cache
        suspects = layer.out_suspects(x, gamma, beta, bn_param)[0]
        wrong = [w() for t, w in suspects if t == text]
        wrong = [w for w in wrong if w is not None and not np.allclose(w, out)]
        return (wrong[0].astype(x.dtype) if wrong else out), cache

    assert text in failures(check_spatial_batchnorm_forward(forward))


@pytest.mark.parametrize("text", texts("group"))
def test_wrong_groupnorm_outputs_are_named(text):
    layer = GroupNorm()

    def forward(x, gamma, beta, G, gn_param):
        out, cache = solved.spatial_groupnorm_forward(x, gamma, beta, G, gn_param)
        suspects = layer.out_suspects(x, gamma, beta, G, gn_param)[0]
        wrong = dict(suspects)[text]()
        return (out if wrong is None else wrong.astype(x.dtype)), cache

    results = check_spatial_groupnorm(forward, solved.spatial_groupnorm_backward)
    assert text in failures(results)


@pytest.mark.parametrize(
    ("mode", "gradient", "text"),
    [("train", g, text) for g in BatchNorm.gradients for text in texts("batch", g)]
    + [("test", g, text) for g in ("dx", "dgamma") for text in texts("test", g)],
)
def test_wrong_batchnorm_gradients_are_named(mode, gradient, text):
    layer = BatchNorm() if mode == "train" else BatchNormInTestMode()

    def forward(x, gamma, beta, bn_param):
        out, cache = solved.spatial_batchnorm_forward(x, gamma, beta, bn_param)
        return out, (cache, (x.copy(), gamma.copy(), beta.copy(), dict(bn_param)))

    def backward(dout, both):
        cache, (x, gamma, beta, bn_param) = both
        gradients = dict(
            zip(
                layer.gradients,
                solved.spatial_batchnorm_backward(dout, cache),
                strict=True,
            )
        )
        if bn_param["mode"] == mode:
            suspects = layer.gradient_suspects(dout, x, gamma, beta, bn_param)
            wrong = dict(suspects[gradient][0])[text]
            gradients[gradient] = wrong().astype(dout.dtype)
        return tuple(gradients.values())

    assert text in failures(check_spatial_batchnorm_backward(forward, backward))
