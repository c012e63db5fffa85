"""The closed formula: 1 + sum of (m_j - 1) times the product of earlier strides."""

import math

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    steps = (math.prod(strides[:j]) for j in range(k))
    return 1 + sum((m - 1) * step for m, step in zip(kernel_sizes, steps, strict=False))
