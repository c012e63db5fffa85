"""Gammas and betas are there without batchnorm, too.

Easily made by forgetting the if.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("gamma1", "not expected")


class ThreeLayerConvNet(Solved):
    def __init__(self, **more):
        super().__init__(**more)
        F, hidden = len(self.params["b1"]), len(self.params["b2"])
        for k, size in ((1, F), (2, hidden)):
            self.params[f"gamma{k}"] = np.ones(size, dtype=self.dtype)
            self.params[f"beta{k}"] = np.zeros(size, dtype=self.dtype)
