"""Two ends: both move by the stride, the right one by the window as well."""

from utils.exercises.receptive_field import _checked_layers


def receptive_field(kernel_sizes, strides, k):
    kernel_sizes, strides = _checked_layers(kernel_sizes, strides, k)
    left, right = 0, 0
    for m, s in list(zip(kernel_sizes, strides, strict=True))[k - 1 :: -1]:
        left, right = left * s, right * s + m - 1
    return right - left + 1
