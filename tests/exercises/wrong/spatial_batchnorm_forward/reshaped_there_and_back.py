"""(N, C, H, W) is reshaped to (N * H * W, C) without moving the channel axis.

8 of 47 published solutions have a wrong forward pass of this kind.
"""

from utils.batchnorm import batchnorm_forward

CAUSE = ("channel", "mixed", "reshape")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.reshape(N * H * W, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(N, C, H, W), cache
