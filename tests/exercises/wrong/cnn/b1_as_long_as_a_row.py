"""The first bias has the length of a filter's rows.

Made by a student who took the last size of ``W1`` for the number of filters.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("b1", "one bias for each filter")


class ThreeLayerConvNet(Solved):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.params["b1"] = np.zeros(self.params["W1"].shape[-1], self.dtype)
