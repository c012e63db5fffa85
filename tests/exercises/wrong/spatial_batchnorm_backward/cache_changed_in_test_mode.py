"""In test mode the normalised x of the cache is overwritten.

Easily made by x_hat *= dout.
"""

from utils.exercises.spatial_batchnorm import spatial_batchnorm_backward as solved

CAUSE = ("second call",)


def spatial_batchnorm_backward(dout, cache):
    x_hat, _, _, mode = cache
    gradients = solved(dout, cache)
    if mode == "test":
        x_hat *= dout.transpose(0, 2, 3, 1).reshape(x_hat.shape)
    return gradients
