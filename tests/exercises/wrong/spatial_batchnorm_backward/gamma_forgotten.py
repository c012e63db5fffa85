"""dx does not know gamma.

Easily made; it does not show while gamma is 1, as it is at first.
"""

CAUSE = ("gamma", "not used")


def spatial_batchnorm_backward(dout, cache):
    x_hat, _, std, mode = cache
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dgamma, dbeta = (rows * x_hat).sum(axis=0), rows.sum(axis=0)
    dx = rows * (1 / std)
    if mode == "train":
        dx = dx - (1 / std) * (rows.mean(axis=0) + x_hat * (rows * x_hat).mean(axis=0))
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
