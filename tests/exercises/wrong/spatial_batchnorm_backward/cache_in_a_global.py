"""The cache is kept in a global, so another forward pass replaces it.

Easily made in a notebook, where globals are at hand.
"""

from utils.exercises.spatial_batchnorm import spatial_batchnorm_backward as solved
from utils.exercises.spatial_batchnorm import spatial_batchnorm_forward as forward

CAUSE = ("global",)
CACHE = None


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    global CACHE
    out, CACHE = forward(x, gamma, beta, bn_param)
    return out, None


def spatial_batchnorm_backward(dout, cache):
    return solved(dout, CACHE)
