"""The answer is a float: np.prod of no strides is 1.0.

Easily made with a closed formula in numpy.
"""

import numpy as np

CAUSE = ("float", "int")


def receptive_field(kernel_sizes, strides, k):
    size = 1
    for j in range(k):
        size += (kernel_sizes[j] - 1) * np.prod(strides[:j])
    return size
