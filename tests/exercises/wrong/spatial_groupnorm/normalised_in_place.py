"""x is normalised in place and returned, though it belongs to the caller.

Easily made to save memory.
"""

from utils.exercises.spatial_batchnorm import spatial_groupnorm_forward as solved

CAUSE = ("changed x",)


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    out, cache = solved(x, gamma, beta, G, gn_param)
    x[...] = out
    return x, cache
