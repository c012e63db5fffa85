"""Quadratic: a recursion that multiplies the strides anew for every layer."""

import math


def receptive_field(kernel_sizes, strides, k):
    if k == 0:
        return 1
    step = math.prod(strides[: k - 1])
    return receptive_field(kernel_sizes, strides, k - 1) + (kernel_sizes[k - 1] - 1) * (
        step
    )
