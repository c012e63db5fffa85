"""W2 counts the channels of the image, not the filters.

Easily made by taking the wrong name.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("W2", "filters", "channels")


class ThreeLayerConvNet(Solved):
    def __init__(self, input_dim=(3, 32, 32), hidden_dim=100, **more):
        super().__init__(input_dim=input_dim, hidden_dim=hidden_dim, **more)
        C, H, W = input_dim
        rng = np.random.default_rng()
        weights = 1e-3 * rng.standard_normal((C * (H // 2) * (W // 2), hidden_dim))
        self.params["W2"] = weights.astype(self.dtype)
