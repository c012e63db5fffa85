"""Batchnorm is never applied, its gradients are zero.

Easily made by whoever solves the network without batchnorm only.
"""

import numpy as np

from utils.exercises.cnn import ThreeLayerConvNet as Solved

CAUSE = ("both batchnorms", "missing")


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        batchnorm, self.use_batchnorm = self.use_batchnorm, False
        answer = super().loss(X, y)
        self.use_batchnorm = batchnorm
        if y is None or not batchnorm:
            return answer
        loss, grads = answer
        for name in ("gamma1", "beta1", "gamma2", "beta2"):
            grads[name] = np.zeros_like(self.params[name])
        return loss, grads
