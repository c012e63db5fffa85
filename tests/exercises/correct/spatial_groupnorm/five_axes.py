"""Groups are an axis of their own, and nothing is flattened."""

import numpy as np

AXES = (2, 3, 4)


def spatial_groupnorm_forward(x, gamma, beta, G, gn_param):
    N, C, H, W = x.shape
    groups = x.reshape(N, G, C // G, H, W)
    centred = groups - groups.mean(AXES, keepdims=True)
    var = np.mean(centred**2, AXES, keepdims=True)
    std = np.sqrt(var + gn_param.get("eps", 1e-5))
    gamma = gamma.reshape(1, G, C // G, 1, 1)
    out = gamma * centred / std + beta.reshape(gamma.shape)
    return out.reshape(x.shape), {"centred": centred, "std": std, "gamma": gamma}


def spatial_groupnorm_backward(dout, cache):
    centred, std, gamma = cache["centred"], cache["std"], cache["gamma"]
    shape, dout = dout.shape, dout.reshape(centred.shape)
    dgamma, dbeta = (dout * centred / std).sum((0, 3, 4)), dout.sum((0, 3, 4))
    M = centred[0, 0].size
    dx_hat = dout * gamma
    dvar = -0.5 * (dx_hat * centred).sum(AXES, keepdims=True) / std**3
    dx = dx_hat / std + 2 / M * dvar * centred
    dx = dx - dx.mean(AXES, keepdims=True)
    return dx.reshape(shape), dgamma.ravel(), dbeta.ravel()
