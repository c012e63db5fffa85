"""dx is reshaped to (N, C, H, W) without moving the channel axis back.

Easily made: dgamma and dbeta are right, and so is the shape of dx.
"""

from utils.batchnorm import batchnorm_backward

CAUSE = ("dx", "channel", "back", "transpose")


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dx, dgamma, dbeta = batchnorm_backward(rows, cache)
    return dx.reshape(N, C, H, W), dgamma, dbeta
