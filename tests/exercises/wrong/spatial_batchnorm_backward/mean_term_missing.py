"""The derivative through the mean is missing.

Easily made: the mean also depends on x.
"""

CAUSE = ("mean", "missing")


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dgamma, dbeta = (rows * x_hat).sum(axis=0), rows.sum(axis=0)
    dx = rows * (gamma / std)
    if mode == "train":
        dx = dx - (gamma / std) * x_hat * (rows * x_hat).mean(axis=0)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
