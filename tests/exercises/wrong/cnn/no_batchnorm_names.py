"""Gammas and betas are never made.

Easily made by whoever solves the network without batchnorm only.
"""

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("missing", "gamma1")


class ThreeLayerConvNet(Solved):
    def __init__(self, **more):
        super().__init__(**more)
        for name in ("gamma1", "beta1", "gamma2", "beta2"):
            self.params.pop(name, None)
