"""One loop from the first layer to layer k that carries the size and the step."""

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    size, step = 1, 1
    for j in range(k):
        size += (kernel_sizes[j] - 1) * step
        step *= strides[j]
    return size
