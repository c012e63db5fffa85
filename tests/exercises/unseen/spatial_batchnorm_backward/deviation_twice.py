"""The last term of dx is divided by the deviation twice.

Easily made when x_hat is taken for x - mean.
"""

import numpy as np

CAUSE = ("variance", "deviation")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    C = x.shape[1]
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(C, x.dtype))
    running_var = bn_param.get("running_var", np.zeros(C, x.dtype))
    if bn_param["mode"] == "train":
        mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    std = np.sqrt(var + eps)
    x_hat = (x - mean[:, None, None]) / std[:, None, None]
    out = gamma[:, None, None] * x_hat + beta[:, None, None]
    return out, (x_hat, gamma, std, bn_param["mode"])


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    dgamma, dbeta = (dout * x_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    scale = (gamma / std)[:, None, None]
    if mode == "test":
        return scale * dout, dgamma, dbeta
    N, C, H, W = dout.shape
    M = N * H * W
    product = x_hat * dgamma[:, None, None]
    dx = scale * (dout - dbeta[:, None, None] / M - product / std[:, None, None] / M)
    return dx, dgamma, dbeta
