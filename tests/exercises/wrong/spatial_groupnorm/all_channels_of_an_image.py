"""The statistics are taken over all channels of an image: G is not used.

Easily made by whoever writes layer normalisation.
"""

import numpy as np

CAUSE = "all its channels"


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    groups = x.reshape(N, G, C // G, H, W)
    axes = (1, 2, 3, 4)
    mean, var = groups.mean(axes, keepdims=True), groups.var(axes, keepdims=True)
    std = np.sqrt(var + gn_param.get("eps", 1e-5))
    x_hat = ((groups - mean) / std).reshape(x.shape)
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, gamma, std, G)
