"""dgamma and dbeta are summed over the images only.

Easily made by axis=0, copied from the batchnorm of a matrix.
"""

import numpy as np

CAUSE = ("dgamma", "shape", "axes")


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    images = x_hat.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    dgamma, dbeta = np.sum(dout * images, axis=0), np.sum(dout, axis=0)
    dx = rows * (gamma / std)
    if mode == "train":
        dx = dx - (gamma / std) * (
            rows.mean(axis=0) + x_hat * (rows * x_hat).mean(axis=0)
        )
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
