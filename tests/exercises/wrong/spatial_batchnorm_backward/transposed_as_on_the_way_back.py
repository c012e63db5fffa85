"""dout is transposed as dx is on the way back.

Easily made by copying the wrong one of two transposes.
"""

from utils.batchnorm import batchnorm_backward

CAUSE = ("transpose", "H last")


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 3, 1, 2).reshape(-1, C)
    dx, dgamma, dbeta = batchnorm_backward(rows, cache)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
