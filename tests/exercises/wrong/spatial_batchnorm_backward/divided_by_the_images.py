"""The means of the backward pass divide by N, not by N * H * W.

Easily made by copying the formulas of the batchnorm of a matrix.
"""

CAUSE = ("number of images", "N * H * W")


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dgamma, dbeta = (rows * x_hat).sum(axis=0), rows.sum(axis=0)
    dx = rows * (gamma / std)
    if mode == "train":
        product = (rows * x_hat).sum(axis=0)
        dx = dx - (gamma / std) * (rows.sum(axis=0) + x_hat * product) / N
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
