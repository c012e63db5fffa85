"""dout is transposed to (N, W, H, C), x was to (N, H, W, C).

Easily made by whoever looks at the channel axis only.
"""

from utils.batchnorm import batchnorm_backward

CAUSE = ("another order", "N, W, H, C")


def spatial_batchnorm_backward(dout, cache):
    N, C, H, W = dout.shape
    rows = dout.transpose(0, 3, 2, 1).reshape(-1, C)
    dx, dgamma, dbeta = batchnorm_backward(rows, cache)
    return dx.reshape(N, H, W, C).transpose(0, 3, 1, 2), dgamma, dbeta
