"""Only the way back moves the channel axis; the way there just reshapes.

3 of 47 published solutions go there and back differently and print perfect numbers:
each channel of the output has the mean and the deviation asked for.
"""

from utils.batchnorm import batchnorm_forward

CAUSE = ("channel", "mixed", "reshape")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    out, cache = batchnorm_forward(x.reshape(-1, C), gamma, beta, bn_param)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache
