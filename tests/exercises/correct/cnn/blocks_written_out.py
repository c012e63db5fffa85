"""No blocks: every layer is called alone, with batchnorm as an if between them."""

import numpy as np

from utils.batchnorm import batchnorm_backward, batchnorm_forward
from utils.exercises.cnn import ThreeLayerConvNet as Solved
from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
    spatial_batchnorm_backward_fast,
    spatial_batchnorm_forward_fast,
)
from utils.layers import (
    affine_backward,
    affine_forward,
    relu_backward,
    relu_forward,
    softmax_loss,
)


class ThreeLayerConvNet(Solved):
    def loss(self, X, y=None):
        p, grads = self.params, {}
        for bn_param in self.bn_params:
            bn_param["mode"] = "test" if y is None else "train"
        X = np.asarray(X, dtype=self.dtype)
        h, conv_cache = conv_forward_fast(X, p["W1"], p["b1"], self.conv_param)
        if self.use_batchnorm:
            h, bn1_cache = spatial_batchnorm_forward_fast(
                h, p["gamma1"], p["beta1"], self.bn_params[0]
            )
        h, relu1_cache = relu_forward(h)
        h, pool_cache = max_pool_forward_fast(h, self.pool_param)
        h, affine1_cache = affine_forward(h, p["W2"], p["b2"])
        if self.use_batchnorm:
            h, bn2_cache = batchnorm_forward(
                h, p["gamma2"], p["beta2"], self.bn_params[1]
            )
        h, relu2_cache = relu_forward(h)
        scores, affine2_cache = affine_forward(h, p["W3"], p["b3"])
        if y is None:
            return scores
        loss, d = softmax_loss(scores, y)
        d, grads["W3"], grads["b3"] = affine_backward(d, affine2_cache)
        d = relu_backward(d, relu2_cache)
        if self.use_batchnorm:
            d, grads["gamma2"], grads["beta2"] = batchnorm_backward(d, bn2_cache)
        d, grads["W2"], grads["b2"] = affine_backward(d, affine1_cache)
        d = relu_backward(max_pool_backward_fast(d, pool_cache), relu1_cache)
        if self.use_batchnorm:
            d, grads["gamma1"], grads["beta1"] = spatial_batchnorm_backward_fast(
                d, bn1_cache
            )
        _, grads["W1"], grads["b1"] = conv_backward_fast(d, conv_cache)
        for name in ("W1", "W2", "W3"):
            loss += 0.5 * self.reg * np.sum(p[name] ** 2)
            grads[name] = grads[name] + self.reg * p[name]
        return loss, grads
