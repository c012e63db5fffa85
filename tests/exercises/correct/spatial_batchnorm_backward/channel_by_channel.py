"""A loop over channels, each through the batchnorm of a matrix with one column."""

import numpy as np

from utils.batchnorm import batchnorm_backward


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    C = dout.shape[1]
    dx, dgamma, dbeta = np.empty_like(dout), np.empty_like(gamma), np.empty_like(gamma)
    for c in range(C):
        one = slice(c, c + 1)
        part = x_hat[:, one], gamma[one], std[one], mode
        column, dgamma[one], dbeta[one] = batchnorm_backward(
            dout[:, c].reshape(-1, 1), part
        )
        dx[:, c] = column.reshape(dout[:, c].shape)
    return dx, dgamma, dbeta
