"""Each group of each image is normalised as a batch of its own."""

import numpy as np


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    eps, size = gn_param.get("eps", 1e-5), x.shape[1] // G
    x_hat, deviations = np.empty_like(x), {}
    for n, g in np.ndindex(len(x), G):
        part = x[n, g * size : (g + 1) * size]
        std = np.sqrt(part.var() + eps)
        x_hat[n, g * size : (g + 1) * size] = (part - part.mean()) / std
        deviations[n, g] = std
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, deviations, gamma)


def spatial_groupnorm_backward(dout, cache):
    x_hat, deviations, gamma = cache
    dx = dout * gamma[:, None, None]
    size = dout.shape[1] // (1 + max(g for _, g in deviations))
    for (n, g), std in deviations.items():
        hat = x_hat[n, g * size : (g + 1) * size]
        part = dx[n, g * size : (g + 1) * size]
        part -= part.mean() + hat * (part * hat).mean()
        part /= std
    return dx, (dout * x_hat).sum((0, 2, 3)), dout.sum((0, 2, 3))
