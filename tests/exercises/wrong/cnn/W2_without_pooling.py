"""W2 has a row per pixel before the pooling.

Easily made: the pooling is forgotten in the count.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("W2", "pooling", "halves")


class ThreeLayerConvNet(Solved):
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, hidden_dim=100, **more):
        super().__init__(input_dim, num_filters, hidden_dim=hidden_dim, **more)
        C, H, W = input_dim
        rng = np.random.default_rng()
        weights = 1e-3 * rng.standard_normal((num_filters * H * W, hidden_dim))
        self.params["W2"] = weights.astype(self.dtype)
