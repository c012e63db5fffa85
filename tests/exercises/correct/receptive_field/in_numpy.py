"""Closed form by numpy: cumprod and a scalar product, turned into an int."""

import numpy as np

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    windows = np.array(kernel_sizes[:k], dtype=np.int64)
    steps = np.cumprod([1, *strides[: k - 1]], dtype=np.int64)
    return int((windows - 1) @ steps) + 1
