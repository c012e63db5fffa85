"""dx is what is left of dout after its parts along 1 and x_hat are taken away."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    shape = np.moveaxis(x, 1, 0).shape
    channels = np.moveaxis(x, 1, 0).reshape(x.shape[1], -1)
    train = bn_param["mode"] == "train"
    mean = channels.mean(axis=1) if train else bn_param["running_mean"]
    centred = channels - mean[:, None]
    var = (centred**2).mean(axis=1) if train else bn_param["running_var"]
    std = np.sqrt(var + bn_param.get("eps", 1e-5))[:, None]
    out = centred / std * gamma[:, None] + beta[:, None]
    cache = [train, shape, centred, std, gamma]
    return np.moveaxis(out.reshape(shape), 0, 1), cache


def spatial_batchnorm_backward(dout, cache):
    train, shape, centred, std, gamma = cache
    dout = np.moveaxis(dout, 1, 0).reshape(shape[0], -1)
    x_hat = centred / std
    dgamma, dbeta = np.einsum("ck,ck->c", dout, x_hat), np.einsum("ck->c", dout)
    rest = dout
    if train:
        rest = rest - rest.mean(axis=1, keepdims=True)
        rest = rest - x_hat * (rest * x_hat).mean(axis=1, keepdims=True)
    dx = rest * gamma[:, None] / std
    return np.moveaxis(dx.reshape(shape), 0, 1), dgamma, dbeta
