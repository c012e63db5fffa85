"""Both batchnorms get one and the same bn_param.

Easily made: [{...}] * 2 repeats the dict, it does not copy it.
"""

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("bn_params", "same dict")


class ThreeLayerConvNet(Solved):
    def __init__(self, **more):
        super().__init__(**more)
        if self.use_batchnorm:
            self.bn_params = [{"mode": "train"}] * 2
