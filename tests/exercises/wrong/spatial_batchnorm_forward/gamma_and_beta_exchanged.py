"""gamma shifts and beta scales.

Easily made when arguments are handed on in the wrong order.
"""

from utils.batchnorm import batchnorm_forward

CAUSE = ("gamma", "beta", "exchanged")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out, cache = batchnorm_forward(rows, beta, gamma, bn_param)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache
