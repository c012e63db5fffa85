"""All parameters stay float64.

Easily made: numpy's default.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("float64", "float32")


class ThreeLayerConvNet(Solved):
    def __init__(self, **more):
        super().__init__(**more)
        for name, value in self.params.items():
            self.params[name] = value.astype(np.float64)
