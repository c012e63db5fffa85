"""The defaults of the arguments are not those of the docstring.

Easily made where the first line is typed from memory.
"""

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("default of filter_size is 7",)


class ThreeLayerConvNet(Solved):
    def __init__(self, input_dim=(3, 32, 32), num_filters=32, filter_size=3, **more):
        super().__init__(input_dim, num_filters, filter_size, **more)
