"""Images are divided by their largest value.

Easily made by those who are used to pixels from 0 to 1.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("images", "scale")


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        return super().loss(X / max(1, np.abs(X).max()), y)
