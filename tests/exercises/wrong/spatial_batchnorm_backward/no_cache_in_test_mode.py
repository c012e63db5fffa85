"""The forward pass of test mode returns no cache.

Easily made: the backward pass is seldom tried in test mode.
"""

from utils.exercises.spatial_batchnorm import spatial_batchnorm_forward as forward

CAUSE = ("test mode", "cache")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    out, cache = forward(x, gamma, beta, bn_param)
    return out, cache if bn_param["mode"] == "train" else None
