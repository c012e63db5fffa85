"""x is normalised in place and returned, though it belongs to the caller.

Easily made to save memory.
"""

from utils.exercises.spatial_batchnorm import spatial_batchnorm_forward as solved

CAUSE = ("changed x",)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    out, cache = solved(x, gamma, beta, bn_param)
    x[...] = out
    return x, cache
