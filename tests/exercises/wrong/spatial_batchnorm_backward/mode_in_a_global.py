"""The mode is kept in a global, so it is that of the last forward pass.

Easily made where the cache has no room for it.
"""

from utils.exercises.spatial_batchnorm import spatial_batchnorm_backward as solved
from utils.exercises.spatial_batchnorm import spatial_batchnorm_forward as forward

CAUSE = ("global",)


MODE = None


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    global MODE
    MODE = bn_param["mode"]
    return forward(x, gamma, beta, bn_param)


def spatial_batchnorm_backward(dout, cache):
    return solved(dout, (*cache[:3], MODE))
