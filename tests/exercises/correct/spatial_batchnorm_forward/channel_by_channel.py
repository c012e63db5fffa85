"""A loop over channels, each with a bn_param of its own that is put together again."""

import numpy as np

from utils.batchnorm import batchnorm_forward


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    out, caches, averages = np.empty_like(x), [], []
    names = ("running_mean", "running_var")
    for c in range(x.shape[1]):
        own = {k: v[c : c + 1] if k in names else v for k, v in bn_param.items()}
        column = x[:, c].reshape(-1, 1)
        one = gamma[c : c + 1], beta[c : c + 1]
        result, cache = batchnorm_forward(column, *one, own)
        out[:, c] = result.reshape(x[:, c].shape)
        caches.append(cache)
        averages.append(own)
    if bn_param["mode"] == "train":
        for name in names:
            bn_param[name] = np.concatenate([own[name] for own in averages])
    return out, caches
