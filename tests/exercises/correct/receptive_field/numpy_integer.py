"""Like the closed form, but the result stays a numpy integer."""

import numpy as np

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    steps = np.concatenate(([1], np.cumprod(strides, dtype=np.int64)))[:k]
    return 1 + np.sum((np.asarray(kernel_sizes[:k]) - 1) * steps)
