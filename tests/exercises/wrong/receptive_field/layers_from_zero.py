"""Layers are counted from 0, so one layer too many is taken.

Easily made where lists begin at 0 and layers at 1.
"""

CAUSE = ("layer k + 1", "counted from 1")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[: k + 1]:
        size += (m - 1) * step
        step *= s
    return size
