"""dout is reshaped to a matrix without moving the channel axis; the forward is right.

Easily made when the forward pass was mended and the backward pass was not.
"""

from utils.batchnorm import batchnorm_backward

CAUSE = ("channel", "mixed", "reshape")


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    dx, dgamma, dbeta = batchnorm_backward(dout.reshape(-1, C), cache)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
