"""np.squeeze takes an axis off the scores of a single image.

Easily made to get rid of axes of length 1.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("scores", "shape")


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        found = super().loss(X, y)
        return np.squeeze(found) if y is None else found
