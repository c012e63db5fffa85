"""The weights come from numpy's global generator.

Easily made with np.random.randn, as older courses do.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("seed", "generator")


class ThreeLayerConvNet(Solved):
    def __init__(self, weight_scale=1e-3, **more):
        super().__init__(weight_scale=weight_scale, **more)
        for name in ("W1", "W2", "W3"):
            weights = weight_scale * np.random.randn(*self.params[name].shape)  # noqa: NPY002
            self.params[name] = weights.astype(self.dtype)
