"""A while loop that counts up, with the distance of the last window's start."""

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    last_start, step, layer = 0, 1, 0
    while layer < k:
        last_start += (kernel_sizes[layer] - 1) * step
        step *= strides[layer]
        layer += 1
    return last_start + 1
