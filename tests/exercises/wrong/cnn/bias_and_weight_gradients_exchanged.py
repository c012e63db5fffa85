"""The gradients of W3 and b3 change places.

Easily made: the tuple is unpacked in the wrong order.
"""

import numpy as np

from utils.blocks import (
    affine_relu_backward,
    affine_relu_forward,
    conv_relu_pool_backward,
    conv_relu_pool_forward,
)
from utils.exercises.cnn import ThreeLayerConvNet as Solved
from utils.layers import affine_backward, affine_forward, softmax_loss

CAUSE = ("W3", "b3", "exchanged")


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        if self.use_batchnorm:
            return super().loss(X, y)
        X = X.astype(self.dtype)
        p, grads = self.params, {}
        h1, cache1 = conv_relu_pool_forward(
            X, p["W1"], p["b1"], self.conv_param, self.pool_param
        )
        h2, cache2 = affine_relu_forward(h1, p["W2"], p["b2"])
        scores, cache3 = affine_forward(h2, p["W3"], p["b3"])
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        dh2, grads["b3"], grads["W3"] = affine_backward(dscores, cache3)
        dh1, grads["W2"], grads["b2"] = affine_relu_backward(dh2, cache2)
        _, grads["W1"], grads["b1"] = conv_relu_pool_backward(dh1, cache1)
        for name in ("W1", "W2", "W3"):
            loss += 0.5 * self.reg * float(np.sum(p[name] ** 2))
            grads[name] = grads[name] + self.reg * p[name]
        return loss, grads
