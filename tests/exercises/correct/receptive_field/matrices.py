"""Matrices: each layer maps (size, 1) of the neurons above to that of its input."""

import numpy as np

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    total = np.eye(2, dtype=object)
    for m, s in zip(kernel_sizes[:k], strides[:k], strict=True):
        total = total @ np.array([[int(s), int(m) - int(s)], [0, 1]], dtype=object)
    return int(total[0].sum())
