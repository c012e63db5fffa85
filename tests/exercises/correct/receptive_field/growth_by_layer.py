"""Growth: list what each layer adds, with a product computed anew each time."""

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    added = []
    for j in range(k):
        pixels = kernel_sizes[j] - 1
        for stride in strides[:j]:
            pixels = pixels * stride
        added.append(pixels)
    return sum(added, start=1)
