"""The statistics are taken over the first axis of a matrix of groups.

Easily made by whoever has batch normalisation of a matrix in mind.
"""

import numpy as np

CAUSE = ("across images and groups",)


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    groups = x.reshape(N * G, -1)
    std = np.sqrt(groups.var(axis=0, keepdims=True) + gn_param.get("eps", 1e-5))
    x_hat = ((groups - groups.mean(axis=0, keepdims=True)) / std).reshape(x.shape)
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, gamma, std, G)
