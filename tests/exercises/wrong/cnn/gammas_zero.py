"""The gammas start as zero, so batchnorm hands on nothing.

Easily made by treating them like biases.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("gamma1", "all 1")


class ThreeLayerConvNet(Solved):
    def __init__(self, **more):
        super().__init__(**more)
        if self.use_batchnorm:
            for name in ("gamma1", "gamma2"):
                self.params[name] = np.zeros_like(self.params[name])
