"""Neighbours: where unit 0 ends and where unit m - 1 of the layer below ends."""

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)

    def end(unit, layer):
        if layer == 0:
            return unit
        below = unit * strides[layer - 1] + kernel_sizes[layer - 1] - 1
        return end(below, layer - 1)

    return end(0, k) + 1
