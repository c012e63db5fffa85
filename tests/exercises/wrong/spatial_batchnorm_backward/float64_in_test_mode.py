"""In test mode dx is float64, whatever the inputs are.

Easily made in a branch of its own for test mode.
"""

import numpy as np

from utils.exercises.spatial_batchnorm import spatial_batchnorm_backward as solved

CAUSE = ("dx is float64",)


def spatial_batchnorm_backward(dout, cache):
    mode = cache[-1]
    dx, dgamma, dbeta = solved(dout, cache)
    if mode == "test":
        dx = dx.astype(np.float64)
    return dx, dgamma, dbeta
