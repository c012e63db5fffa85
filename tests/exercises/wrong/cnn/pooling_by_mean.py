"""The pooling takes the mean of its window.

Easily made by whoever writes the pooling as a reshape.
"""

import numpy as np

from utils.blocks import (
    affine_relu_backward,
    affine_relu_forward,
    conv_relu_backward,
    conv_relu_forward,
)
from utils.exercises.cnn import ThreeLayerConvNet as Solved
from utils.layers import affine_backward, affine_forward, softmax_loss

CAUSE = ("mean", "pooling")


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        if self.use_batchnorm:
            return super().loss(X, y)
        X = X.astype(self.dtype)
        p, grads = self.params, {}
        a1, cache1 = conv_relu_forward(X, p["W1"], p["b1"], self.conv_param)
        N, F, H, W = a1.shape
        h1 = a1.reshape(N, F, H // 2, 2, W // 2, 2).mean(axis=(3, 5))
        h2, cache2 = affine_relu_forward(h1, p["W2"], p["b2"])
        scores, cache3 = affine_forward(h2, p["W3"], p["b3"])
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        dh2, grads["W3"], grads["b3"] = affine_backward(dscores, cache3)
        dh1, grads["W2"], grads["b2"] = affine_relu_backward(dh2, cache2)
        da1 = np.repeat(np.repeat(dh1, 2, axis=2), 2, axis=3) / 4
        _, grads["W1"], grads["b1"] = conv_relu_backward(da1, cache1)
        for name in ("W1", "W2", "W3"):
            loss += 0.5 * self.reg * float(np.sum(p[name] ** 2))
            grads[name] += self.reg * p[name]
        return loss, grads
