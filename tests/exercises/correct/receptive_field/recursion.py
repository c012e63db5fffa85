"""Quadratic: a recursion that multiplies the strides anew for every layer."""

import math

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    return _size(kernel_sizes, strides, k)


def _size(kernel_sizes, strides, k):
    if k == 0:
        return 1
    step = math.prod(strides[: k - 1])
    return _size(kernel_sizes, strides, k - 1) + (kernel_sizes[k - 1] - 1) * step
