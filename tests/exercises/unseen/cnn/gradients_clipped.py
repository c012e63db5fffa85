"""Gradients are cut at 0.1.

Easily made by those who have read of exploding gradients.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("0.1", "cut")


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        if y is None:
            return super().loss(X)
        loss, grads = super().loss(X, y)
        return loss, {name: np.clip(d, -0.1, 0.1) for name, d in grads.items()}
