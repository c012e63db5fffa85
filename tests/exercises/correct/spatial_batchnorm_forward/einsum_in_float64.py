"""Sums by einsum in float64 inside, the dtype of x outside."""

import numpy as np


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    eps, momentum = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    wide = x.astype(np.float64)
    size = x[:, 0].size
    if bn_param["mode"] == "train":
        mean = np.einsum("nchw->c", wide) / size
        centred = wide - mean[None, :, None, None]
        var = np.einsum("nchw,nchw->c", centred, centred) / size
        for name, new in (("running_mean", mean), ("running_var", var)):
            old = bn_param.get(name, np.zeros_like(mean))
            bn_param[name] = momentum * old + (1 - momentum) * new
    else:
        mean, var = (
            np.asarray(bn_param.get(name, np.zeros(x.shape[1])), np.float64)
            for name in ("running_mean", "running_var")
        )
        centred = wide - mean[None, :, None, None]
    out = np.einsum("nchw,c->nchw", centred, gamma / np.sqrt(var + eps))
    out += beta[None, :, None, None]
    return out.astype(x.dtype), None
