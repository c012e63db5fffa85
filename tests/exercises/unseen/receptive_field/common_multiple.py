"""The step is the least common multiple of the strides.

Easily made by those who think of grids that meet.
"""

import math

CAUSE = ("stride", "multiply")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        size += (m - 1) * step
        step = math.lcm(step, s)
    return size
