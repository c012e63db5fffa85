"""Penalty and gradient both miss the factor 0.5.

Easily made: the gradient fits the loss, so a gradient check of one's own agrees.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("0.5", "missing")


class ThreeLayerConvNet(Solved):
    """The data loss is the solved one's, which gets no reg."""

    def __init__(self, reg=0.0, **more):
        super().__init__(**more)
        self.strength = reg

    def loss(self, X, y=None):
        if y is None:
            return super().loss(X)
        loss, grads = super().loss(X, y)
        for name in ("W1", "W2", "W3"):
            loss += self.strength * np.sum(self.params[name] ** 2)
            grads[name] += 2 * self.strength * self.params[name]
        return loss, grads
