"""Biases and betas of a layer are one and the same array.

Easily made by making the zeros once.
"""

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("b1", "beta1", "same array")


class ThreeLayerConvNet(Solved):
    def __init__(self, **more):
        super().__init__(**more)
        if self.use_batchnorm:
            for k in (1, 2):
                self.params[f"beta{k}"] = self.params[f"b{k}"]
