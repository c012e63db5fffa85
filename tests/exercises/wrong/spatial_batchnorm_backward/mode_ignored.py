"""Test mode's backward pass goes through mean and variance, as in training.

Easily made: the backward pass is seldom tried in test mode.
"""

from utils.batchnorm import batchnorm_backward

CAUSE = ("test mode", "constants")


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, _ = cache
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dx, dgamma, dbeta = batchnorm_backward(rows, (x_hat, gamma, std, "train"))
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
