"""The means in dx are taken over the first axis of a matrix of groups.

Easily made by copying from batch normalisation of a matrix.
"""

CAUSE = ("dx", "means", "axes")


def spatial_groupnorm_backward(dout, cache):
    N = len(dout)
    x_hat, gamma, std, G = cache
    dgamma, dbeta = (dout * x_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    dx_hat = (dout * gamma[:, None, None]).reshape(N * G, -1)
    hat = x_hat.reshape(N * G, -1)
    dx = dx_hat - dx_hat.mean(axis=0) - hat * (dx_hat * hat).mean(axis=0)
    dx = dx.reshape(N, G, -1) / std
    return dx.reshape(dout.shape), dgamma, dbeta
