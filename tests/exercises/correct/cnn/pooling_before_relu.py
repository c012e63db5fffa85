"""The pooling comes before the relu: for a monotone function it is the same."""

import numpy as np

from utils.blocks import affine_relu_backward, affine_relu_forward
from utils.exercises.cnn import ThreeLayerConvNet as Solved
from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
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
        if self.use_batchnorm:
            return super().loss(X, y)
        X = X.astype(self.dtype)
        p, grads = self.params, {}
        a1, cache1 = conv_forward_fast(X, p["W1"], p["b1"], self.conv_param)
        a1, pool_cache = max_pool_forward_fast(a1, self.pool_param)
        h1, relu_cache = relu_forward(a1)
        h2, cache2 = affine_relu_forward(h1, p["W2"], p["b2"])
        scores, cache3 = affine_forward(h2, p["W3"], p["b3"])
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        dh2, grads["W3"], grads["b3"] = affine_backward(dscores, cache3)
        dh1, grads["W2"], grads["b2"] = affine_relu_backward(dh2, cache2)
        da1 = max_pool_backward_fast(relu_backward(dh1, relu_cache), pool_cache)
        _, grads["W1"], grads["b1"] = conv_backward_fast(da1, cache1)
        for name in ("W1", "W2", "W3"):
            loss += 0.5 * self.reg * float(np.sum(p[name] ** 2))
            grads[name] += self.reg * p[name]
        return loss, grads
