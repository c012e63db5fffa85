"""The last layer is drawn first, directly with the scale, by rng.normal."""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved


class ThreeLayerConvNet(Solved):
    def __init__(self, weight_scale=1e-3, seed=None, **more):
        super().__init__(weight_scale=weight_scale, seed=seed, **more)
        rng = np.random.default_rng(seed)
        for name in ("W3", "W2", "W1"):
            shape = self.params[name].shape
            self.params[name] = rng.normal(0, weight_scale, shape).astype(self.dtype)
