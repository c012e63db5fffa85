"""dgamma and dbeta are summed over the pixels only.

Easily made: the statistics are taken per image, the parameters are not.
"""

CAUSE = ("dgamma", "shape", "axes")


def spatial_groupnorm_backward(dout, cache):
    x_hat, gamma, std, G = cache
    dgamma, dbeta = (dout * x_hat).sum(axis=(2, 3)), dout.sum(axis=(2, 3))
    dx_hat = (dout * gamma[:, None, None]).reshape(len(dout), G, -1)
    hat = x_hat.reshape(dx_hat.shape)
    mean = dx_hat.mean(axis=2, keepdims=True)
    product = (dx_hat * hat).mean(axis=2, keepdims=True)
    dx = (dx_hat - mean - hat * product) / std
    return dx.reshape(dout.shape), dgamma, dbeta
