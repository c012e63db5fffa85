"""out is (N, G, C / G, H, W): the groups are not joined again.

Easily made: gamma and beta have to take the same shape, and then all fits.
"""

import numpy as np

CAUSE = ("groups", "shape of x")


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    groups = x.reshape(N, G, C // G, H, W)
    axes = (2, 3, 4)
    std = np.sqrt(groups.var(axis=axes, keepdims=True) + gn_param.get("eps", 1e-5))
    x_hat = (groups - groups.mean(axis=axes, keepdims=True)) / std
    gamma, beta = (part.reshape(G, C // G, 1, 1) for part in (gamma, beta))
    return gamma * x_hat + beta, None
