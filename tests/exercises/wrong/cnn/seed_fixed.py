"""The generator starts at 0 whatever the seed is.

Easily left over from trying things out.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("seed", "same")


class ThreeLayerConvNet(Solved):
    def __init__(self, weight_scale=1e-3, **more):
        super().__init__(weight_scale=weight_scale, **more)
        rng = np.random.default_rng(0)
        for name in ("W1", "W2", "W3"):
            weights = weight_scale * rng.standard_normal(self.params[name].shape)
            self.params[name] = weights.astype(self.dtype)
