"""Everything is computed in float32 and converted back at the end.

Easily made by whoever has heard that networks are trained in float32.
"""

import numpy as np

from utils.batchnorm import batchnorm_forward

CAUSE = ("float32", "digits")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C).astype(np.float32)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    out = out.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return out.astype(x.dtype), cache
