"""The backward pass multiplies by gamma after the means, as batch normalisation may.

Easily made: within a group gamma differs, so it cannot be taken out of a mean.
"""

CAUSE = ("gamma", "mean")


def spatial_groupnorm_backward(dout, cache):
    x_hat, gamma, std, G = cache
    dgamma, dbeta = (dout * x_hat).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))
    dx_hat = dout.reshape(len(dout), G, -1)
    hat = x_hat.reshape(dx_hat.shape)
    mean = dx_hat.mean(axis=2, keepdims=True)
    product = (dx_hat * hat).mean(axis=2, keepdims=True)
    dx = (dx_hat - mean - hat * product) / std
    dx = dx.reshape(dout.shape) * gamma[:, None, None]
    return dx, dgamma, dbeta
