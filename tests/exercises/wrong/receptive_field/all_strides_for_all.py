"""Each window is stretched by the strides of all layers up to k.

Easily made by taking the product out of the sum.
"""

import math

CAUSE = ("strides before it", "not by all")


def receptive_field(kernel_sizes, strides, k):
    step = math.prod(strides[: k - 1])
    return 1 + sum((m - 1) * step for m in kernel_sizes[:k])
