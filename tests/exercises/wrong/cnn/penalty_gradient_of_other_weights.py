"""The gradient of the penalty replaces that of the data.

Easily made: = for +=.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("gradient", "data", "penalty", "only")


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
            loss += 0.5 * self.strength * np.sum(self.params[name] ** 2)
            grads[name] = self.strength * self.params[name]
        return loss, grads
