"""Batchnorm works on copies of bn_params, so its averages are lost.

Easily made by whoever fears to change a dict.
"""

import numpy as np

from utils.blocks import (
    affine_bn_relu_backward,
    affine_bn_relu_forward,
    conv_bn_relu_pool_backward,
    conv_bn_relu_pool_forward,
)
from utils.exercises.cnn import ThreeLayerConvNet as Solved
from utils.layers import affine_backward, affine_forward, softmax_loss

CAUSE = ("running_mean", "self.bn_params")


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        if not self.use_batchnorm:
            return super().loss(X, y)
        X = X.astype(self.dtype)
        p, grads = self.params, {}
        bn1, bn2 = (dict(bn_param) for bn_param in self.bn_params)
        bn1["mode"] = bn2["mode"] = "test" if y is None else "train"
        h1, cache1 = conv_bn_relu_pool_forward(
            X,
            p["W1"],
            p["b1"],
            p["gamma1"],
            p["beta1"],
            self.conv_param,
            bn1,
            self.pool_param,
        )
        h2, cache2 = affine_bn_relu_forward(
            h1, p["W2"], p["b2"], p["gamma2"], p["beta2"], bn2
        )
        scores, cache3 = affine_forward(h2, p["W3"], p["b3"])
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        dh2, grads["W3"], grads["b3"] = affine_backward(dscores, cache3)
        dh1, grads["W2"], grads["b2"], grads["gamma2"], grads["beta2"] = (
            affine_bn_relu_backward(dh2, cache2)
        )
        _, grads["W1"], grads["b1"], grads["gamma1"], grads["beta1"] = (
            conv_bn_relu_pool_backward(dh1, cache1)
        )
        for name in ("W1", "W2", "W3"):
            loss += 0.5 * self.reg * float(np.sum(p[name] ** 2))
            grads[name] += self.reg * p[name]
        return loss, grads
