"""Step by step, as in the paper, with every intermediate value in the cache."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    zeros = np.zeros(x.shape[1], x.dtype)
    running_mean = bn_param.get("running_mean", zeros)
    running_var = bn_param.get("running_var", zeros)
    M = x.shape[0] * x.shape[2] * x.shape[3]
    column = (1, -1, 1, 1)
    if bn_param["mode"] == "test":
        x_hat = x - running_mean.reshape(column)
        x_hat = x_hat / np.sqrt(running_var.reshape(column) + eps)
        return gamma.reshape(column) * x_hat + beta.reshape(column), {"x_hat": x_hat}
    mean = np.sum(x, axis=(0, 2, 3), keepdims=True) / M
    centred = x - mean
    square = centred**2
    var = np.sum(square, axis=(0, 2, 3), keepdims=True) / M
    root = np.sqrt(var + eps)
    inverse = 1 / root
    x_hat = centred * inverse
    out = gamma.reshape(column) * x_hat + beta.reshape(column)
    keep = 1 - momentum
    bn_param["running_mean"] = running_mean * momentum + mean.ravel() * keep
    bn_param["running_var"] = running_var * momentum + var.ravel() * keep
    return out, {"x_hat": x_hat, "centred": centred, "root": root, "gamma": gamma}
