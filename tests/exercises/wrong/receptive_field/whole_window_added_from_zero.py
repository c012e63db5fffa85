"""A window of m positions adds m steps, from 0 on.

Easily made: the first layer then is right by luck.
"""

CAUSE = ("steps", "not m")


def receptive_field(kernel_sizes, strides, k):
    size, step = 0, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        size += m * step
        step *= s
    return size
