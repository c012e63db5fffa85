"""The right answers of batch and group normalisation, and what their cases say."""

from dataclasses import replace

import numpy as np
import pytest

from utils.checks.normalisation import (
    BatchNorm,
    BatchNormInTestMode,
    GroupNorm,
    NormCase,
)
from utils.checks.spatial_batchnorm import (
    BATCH_CASES,
    BATCH_TINY,
    GROUP_CASES,
    GROUP_TINY,
    TEST_CASES,
)
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


def test_a_case_says_what_is_special_about_it():
    plain = NormCase("", (2, 4, 3, 3), 1e-5)
    usual = {"several images", "several channels"}
    assert said(plain) == usual
    for name, change in {
        "an image that is not square": {"x": (2, 4, 3, 4)},
        "eps above 1e-5": {"eps": 0.1},
        "eps left to its default": {"eps": None},
        "few samples per channel": {"x": (2, 4, 1, 1)},
        "several groups": {"G": 4},
    }.items():
        assert said(replace(plain, **change)) - usual == {name}
    assert "several channels in a group" in said(replace(plain, G=2))
    assert said(replace(plain, x=(1, 1, 3, 3))) == set()


def said(case):
    return {name for name, is_so in case.traits.items() if is_so}
