"""The gradient of the penalty is reg times the sign of the weights.

Easily made: the gradient of L1 with the loss of L2.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("penalty", "gradient")


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        if y is None:
            return super().loss(X)
        loss, grads = super().loss(X, y)
        for name in ("W1", "W2", "W3"):
            W = self.params[name]
            grads[name] += self.reg * (np.sign(W) - W)
        return loss, grads
