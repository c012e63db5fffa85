"""All images together are cut into G groups.

Easily made by reshape(G, -1), where N is forgotten.
"""

import numpy as np

CAUSE = ("all images together",)


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    groups = x.reshape(G, -1)
    std = np.sqrt(groups.var(axis=1, keepdims=True) + gn_param.get("eps", 1e-5))
    x_hat = ((groups - groups.mean(axis=1, keepdims=True)) / std).reshape(x.shape)
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, gamma, std, G)
