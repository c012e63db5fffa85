"""The simplified formula, with means over the axes (0, 2, 3)."""

import numpy as np

AXES = (0, 2, 3)


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5)
    if bn_param["mode"] == "train":
        mean, var = x.mean(AXES), x.var(AXES)
    else:
        mean, var = bn_param["running_mean"], bn_param["running_var"]
    std = np.sqrt(var + eps)[:, None, None]
    x_hat = (x - mean[:, None, None]) / std
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, gamma[:, None, None] / std, bn_param["mode"] == "train")


def spatial_batchnorm_backward(dout, cache):
    x_hat, slope, train = cache
    dgamma, dbeta = (dout * x_hat).sum(AXES), dout.sum(AXES)
    if not train:
        return slope * dout, dgamma, dbeta
    M = dout[:, 0].size
    mean, product = dbeta[:, None, None] / M, dgamma[:, None, None] / M
    return slope * (dout - mean - x_hat * product), dgamma, dbeta
