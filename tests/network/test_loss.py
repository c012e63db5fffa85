import math

import numpy as np
import pytest

from utils.gradient_check import numerical_gradient
from utils.network.loss import cross_entropy


def test_two_classes_by_hand():
    scores = np.array([[math.log(3), 0.0], [0.0, 0.0]])  # 3/4 and 1/4; 1/2 and 1/2
    losses, dscores = cross_entropy(scores, np.array([0, 1]))
    assert np.allclose(losses, [math.log(4 / 3), math.log(2)])
    assert np.allclose(dscores, np.array([[-1 / 4, 1 / 4], [1 / 2, -1 / 2]]) / 2)


def test_smoothing_by_hand():
    scores = np.array([[math.log(3), 0.0]])
    losses, dscores = cross_entropy(scores, np.array([0]), smoothing=0.4)
    # targets 0.8 and 0.2
    assert np.allclose(losses, 0.8 * math.log(4 / 3) + 0.2 * math.log(4))
    assert np.allclose(dscores, [[0.75 - 0.8, 0.25 - 0.2]])


@pytest.mark.parametrize("smoothing", [0.0, 0.2, 0.9])
def test_the_gradient_is_that_of_the_mean(rng, smoothing):
    scores, y = rng.standard_normal((4, 5)), rng.integers(0, 5, 4)
    expected = numerical_gradient(
        lambda scores: cross_entropy(scores, y, smoothing)[0].mean(), scores
    )
    dscores = cross_entropy(scores, y, smoothing)[1]
    assert np.abs(dscores - expected).max() < 1e-9
    assert np.abs(dscores.sum(axis=1)).max() < 1e-15


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_scores_are_no_trouble_and_nothing_changes(dtype):
    scores = np.array([[1e4, -1e4, 0], [-1e30, 0, 0]], dtype)
    kept, y = scores.copy(), np.array([1, 2])
    losses, dscores = cross_entropy(scores, y, 0.1)
    assert losses.dtype == dscores.dtype == dtype and (scores == kept).all()
    # the first: (0.9 + 0.1 / 3) * 2e4 + 0.1 / 3 * 1e4
    assert losses[0] == pytest.approx(19000, rel=1e-6) and np.isfinite(losses).all()
    assert np.isfinite(dscores).all()
