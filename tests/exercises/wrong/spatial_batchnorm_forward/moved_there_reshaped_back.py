"""Only the way there moves the channel axis; the way back just reshapes.

Easily made: the way there was mended, and the way back was not.
"""

from utils.batchnorm import batchnorm_forward

CAUSE = ("channel", "back", "transpose")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(x.shape), cache
