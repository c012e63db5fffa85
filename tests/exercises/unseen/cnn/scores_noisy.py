"""Scores are computed with noise.

Easily made by those who add a dropout and leave it on in test mode.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = "random"


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        if y is not None:
            return super().loss(X, y)
        scores = super().loss(X)
        return scores * (np.random.default_rng().random(scores.shape) > 0.5)
