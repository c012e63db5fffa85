"""All weights start as zero.

Easily made by treating weights like biases.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("W1", "zero")


class ThreeLayerConvNet(Solved):
    def __init__(self, **more):
        super().__init__(**more)
        for name in ("W1", "W2", "W3"):
            self.params[name] = np.zeros_like(self.params[name])
