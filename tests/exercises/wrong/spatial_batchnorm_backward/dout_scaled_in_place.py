"""dout is multiplied by gamma in place, though it belongs to the caller.

Easily made by dout *= ...
"""

import numpy as np

from utils.batchnorm import batchnorm_backward

CAUSE = "changed dout"


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    _, dgamma, dbeta = batchnorm_backward(rows, cache)
    dout *= gamma[:, None, None]
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dx, _, _ = batchnorm_backward(rows, (x_hat, np.ones_like(gamma), std, mode))
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
