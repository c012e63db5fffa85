"""The padding is that of 7 x 7 filters whatever filter_size says.

Easily made: 7 is the default.
"""

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("pad", "filter_size")


class ThreeLayerConvNet(Solved):
    def __init__(self, **more):
        super().__init__(**more)
        self.conv_param = {"stride": 1, "pad": 3}
