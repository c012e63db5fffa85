"""The weights are not multiplied by weight_scale.

Easily forgotten.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("weight_scale",)


class ThreeLayerConvNet(Solved):
    def __init__(self, weight_scale=1e-3, seed=None, **more):
        super().__init__(weight_scale=weight_scale, seed=seed, **more)
        rng = np.random.default_rng(seed)
        for name in ("W1", "W2", "W3"):
            weights = rng.standard_normal(self.params[name].shape)
            self.params[name] = weights.astype(self.dtype)
