"""The filters are (F, height, width, C).

Easily made by whoever thinks of images as (height, width, colours).
"""

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("W1", "(F, C, height, width)")


class ThreeLayerConvNet(Solved):
    def __init__(self, **more):
        super().__init__(**more)
        self.params["W1"] = self.params["W1"].transpose(0, 2, 3, 1)
