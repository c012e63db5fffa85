"""Known mistakes of the network differ from the truth, and from each other."""

import itertools

import numpy as np
import pytest

from utils.checks import network, network_mistakes
from utils.checks.network import BATCHNORM, CASES, EQUAL, SMALL
from utils.gradient_check import relative_error

# Batchnorm subtracts the mean again, so in training mode a bias makes no difference.
WITHOUT_EFFECT = {"b1 is not used", "b2 is not used"}


def values_by_text(mistakes):
    values = {text: wrong() for text, wrong in mistakes}
    return {text: value for text, value in values.items() if value is not None}


@pytest.mark.parametrize("case", (*CASES, SMALL, BATCHNORM, EQUAL))
def test_wrong_scores_are_wrong(case):
    params, X, _ = case.inputs()
    running = network.running_statistics(params, X) if case.use_batchnorm else None
    for statistics in [None, running] if running else [None]:
        right, _ = network.scores(params, X, statistics)
        mistakes = network_mistakes.wrong_scores(params, X, statistics)
        found = values_by_text(mistakes)
        assert len(found) >= 12
        for text, wrong in found.items():
            no_effect = case.use_batchnorm and statistics is None
            no_effect &= text in WITHOUT_EFFECT or text.startswith("b1 and b2")
            # After the pooling these maps have one column.
            no_effect |= "column by column" in text and case.input_dim[2] == 2
            equal = wrong.shape == right.shape and np.allclose(wrong, right)
            assert equal == no_effect, text


def test_mistakes_of_batchnorm_can_be_told_apart():
    params, X, _ = EQUAL.inputs()
    running = network.running_statistics(params, X)
    found = values_by_text(network_mistakes.wrong_scores(params, X, running))
    for (one, a), (other, b) in itertools.combinations(found.items(), 2):
        assert a.shape != b.shape or not np.allclose(a, b), (one, other)


def test_wrong_losses_are_wrong():
    params, X, y = SMALL.inputs()
    scores, _ = network.scores(params, X)
    right = network.data_loss(scores, y)
    for text, wrong in network_mistakes.wrong_losses(scores, y):
        assert abs(wrong() - right) > 1e-3, text


@pytest.mark.parametrize("case", [SMALL, BATCHNORM], ids=["plain", "batchnorm"])
def test_wrong_penalties_are_wrong(case):
    params, _, _ = case.inputs()
    right = network.penalty(params, 0.3)
    for text, wrong in network_mistakes.wrong_penalties(params, 0.3, case.N):
        assert abs(wrong() - right) > 1e-6, text


@pytest.mark.parametrize("case", [SMALL, BATCHNORM], ids=["plain", "batchnorm"])
def test_wrong_gradients_are_wrong(case):
    params, _, _ = case.inputs()
    for name in case.shapes():
        right = network.data_gradient(case, name)
        if name.startswith("W"):
            right = right + 0.3 * params[name]
        mistakes = network_mistakes.wrong_gradients(case, name, 0.3)
        assert bool(mistakes) != (case.use_batchnorm and name in ("b1", "b2"))
        for text, wrong in mistakes:
            # Going back, a step does not touch what lies behind it.
            behind = "backward pass" in text and relative_error(wrong(), right) < 1e-7
            later = name in ("W3", "b3") or "convolution" in text
            assert not behind or later, (name, text)
            if "backward pass" not in text:
                assert relative_error(wrong(), right) > 1e-6, (name, text)


def test_a_mistake_that_does_not_fit_is_left_out():
    params, X, _ = SMALL.inputs()
    params["W1"] = np.ones((2, 1, 3, 3))
    mistakes = dict(network_mistakes.wrong_scores(params, X))
    assert mistakes["b1 is not used"]() is not None
    assert not any("bn_params" in text for text in mistakes)
