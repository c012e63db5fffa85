"""The window sizes are multiplied.

Easily made by counting the paths to the pixels instead of the pixels.
"""

import math

CAUSE = ("kernel sizes", "multiply")


def receptive_field(kernel_sizes, strides, k):
    return math.prod(kernel_sizes[:k])
