"""Simulation: follow the neuron at 0 down to the outermost pixels that it reads."""

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    seen = {0}
    for j in range(k - 1, -1, -1):
        ends = min(seen), max(seen)
        seen = {u * strides[j] + p for u in ends for p in range(kernel_sizes[j])}
    return max(seen) - min(seen) + 1
