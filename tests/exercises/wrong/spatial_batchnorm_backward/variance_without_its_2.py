"""The factor 2 is missing in the derivative of the square.

Easily made in the step-by-step way: d(x^2) = 2 x dx.
"""

CAUSE = ("variance", "0.5")


def spatial_batchnorm_backward(dout, cache):
    x_hat, gamma, std, mode = cache
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 2, 3, 1).reshape(-1, C)
    dgamma, dbeta = (rows * x_hat).sum(axis=0), rows.sum(axis=0)
    dx = rows * (gamma / std)
    if mode == "train":
        dvar = -(0.5 / std) * (gamma * rows * x_hat).sum(axis=0)  # times std^2
        dx = dx + (dvar * x_hat - (gamma / std) * rows.sum(axis=0)) / len(rows)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
