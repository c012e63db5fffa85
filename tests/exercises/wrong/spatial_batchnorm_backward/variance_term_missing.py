"""The derivative through the variance is missing.

Easily made: the variance also depends on x.
"""

CAUSE = ("variance", "missing")


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dgamma, dbeta = (rows * x_hat).sum(axis=0), rows.sum(axis=0)
    dx = rows * (gamma / std)
    if mode == "train":
        dx = dx - (gamma / std) * rows.mean(axis=0)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
