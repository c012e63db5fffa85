"""Both passes reshape (N, C, H, W) to (N * H * W, C) without moving the channels.

Most of the 8 wrong ones of 47 published solutions do so twice, and then a gradient
check finds nothing: the gradient is right for a wrong function.
"""

from utils.batchnorm import batchnorm_backward, batchnorm_forward

CAUSE = ("channel", "mixed", "reshape")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    out, cache = batchnorm_forward(x.reshape(-1, x.shape[1]), gamma, beta, bn_param)
    return out.reshape(x.shape), cache


def spatial_batchnorm_backward(dout, cache):
    rows = dout.reshape(-1, dout.shape[1])
    dx, dgamma, dbeta = batchnorm_backward(rows, cache)
    return dx.reshape(dout.shape), dgamma, dbeta
