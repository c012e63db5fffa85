"""The weights are uniform between 0 and weight_scale.

Easily made: rng.random for rng.standard_normal.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("uniform",)


class ThreeLayerConvNet(Solved):
    def __init__(self, weight_scale=1e-3, seed=None, **more):
        super().__init__(weight_scale=weight_scale, seed=seed, **more)
        rng = np.random.default_rng(seed)
        for name in ("W1", "W2", "W3"):
            weights = weight_scale * rng.random(self.params[name].shape)
            self.params[name] = weights.astype(self.dtype)
