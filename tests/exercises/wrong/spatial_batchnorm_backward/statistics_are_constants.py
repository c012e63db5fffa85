"""Mean and variance are treated as constants.

Easily made; it is right in test mode, and so never fails there.
"""

CAUSE = ("mean", "variance", "constants")


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dx = (rows * gamma / std).reshape(N, H, W, C).transpose(0, 3, 1, 2)
    return dx, (rows * x_hat).sum(axis=0), rows.sum(axis=0)
