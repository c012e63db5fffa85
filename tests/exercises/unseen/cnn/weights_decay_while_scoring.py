"""Each scoring makes the weights smaller.

Easily made by those who take regularisation for a part of the forward pass.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("self.params", "changed")


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        for name in ("W1", "W2", "W3"):
            self.params[name] = self.params[name] * np.asarray(1 - self.reg, self.dtype)
        return super().loss(X, y)
