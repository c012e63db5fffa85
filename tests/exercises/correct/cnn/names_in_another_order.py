"""The gradients come in the order of the backward pass, params in another one."""

from utils.exercises.cnn import ThreeLayerConvNet as Solved


class ThreeLayerConvNet(Solved):
    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.params = {name: self.params[name] for name in sorted(self.params)[::-1]}

    def loss(self, X, y=None):
        if y is None:
            return super().loss(X)
        loss, grads = super().loss(X, y)
        return loss, dict(reversed(grads.items()))
