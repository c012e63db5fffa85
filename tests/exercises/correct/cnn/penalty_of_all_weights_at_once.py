"""The penalty is a sum over all that begins with W, its gradient made first."""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved


class ThreeLayerConvNet(Solved):
    def __init__(self, reg=0.0, **more):
        super().__init__(**more)
        self.strength = reg

    def loss(self, X, y=None):
        if y is None:
            return super().loss(X)
        weights = [name for name in self.params if name[0] == "W"]
        grads = {name: self.strength * self.params[name] for name in weights}
        loss, data = super().loss(X, y)
        loss += sum(np.sum(self.params[name] * grads[name]) for name in weights) / 2
        return loss, {name: data[name] + grads.get(name, 0) for name in data}
