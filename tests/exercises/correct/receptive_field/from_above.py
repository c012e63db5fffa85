"""From layer k down to the image: r positions need (r - 1) steps and one window."""

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    size = 1
    for m, s in zip(reversed(kernel_sizes[:k]), reversed(strides[:k]), strict=True):
        size = (size - 1) * s + m
    return size
