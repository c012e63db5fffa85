"""out is (N, H, W, C): the channel axis is not moved back.

Easily made: reshape and transpose come in pairs, and this is half of the second.
"""

from utils.batchnorm import batchnorm_forward

CAUSE = ("channel axis", "back")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(N, H, W, C), cache
