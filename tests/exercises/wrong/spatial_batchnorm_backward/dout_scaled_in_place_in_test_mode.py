"""In test mode dout is multiplied in place, though it belongs to the caller.

Easily made by dout *= ... in the short branch.
"""

from utils.exercises.spatial_batchnorm import spatial_batchnorm_backward as solved

CAUSE = ("changed dout",)


def spatial_batchnorm_backward(dout, cache):
    _, gamma, std, mode = cache
    gradients = solved(dout, cache)
    if mode == "test":
        dout *= (gamma / std)[:, None, None]
        return (dout, *gradients[1:])
    return gradients
