"""The chain of derivatives step by step, as in the paper."""

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
    column = mean[:, None, None], gamma[:, None, None], std
    return out, {"x": x, "column": column, "mode": bn_param["mode"]}


def spatial_batchnorm_backward(dout, cache):
    x, (mean, gamma, std) = cache["x"], cache["column"]
    M = x.size // x.shape[1]
    dgamma, dbeta = np.sum(dout * (x - mean) / std, AXES), np.sum(dout, AXES)
    dx_hat = dout * gamma
    dcentred = dx_hat / std
    if cache["mode"] == "train":
        dinverse = np.sum(dx_hat * (x - mean), AXES, keepdims=True)
        dstd = -dinverse / std**2
        dvar = 0.5 * dstd / std
        dcentred = dcentred + 2 * (x - mean) * dvar / M
        dmean = -np.sum(dcentred, AXES, keepdims=True)
        return dcentred + dmean / M, dgamma, dbeta
    return dcentred, dgamma, dbeta
