"""The closed formula: 1 + sum of (m_j - 1) times the product of earlier strides."""

import math


def receptive_field(kernel_sizes, strides, k):
    steps = (math.prod(strides[:j]) for j in range(k))
    return 1 + sum((m - 1) * step for m, step in zip(kernel_sizes, steps, strict=False))
