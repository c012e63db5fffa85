"""A window of m positions adds m steps instead of m - 1.

Easily made by counting pixels where the gaps between them are meant.
"""

CAUSE = ("steps", "not m")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        size += m * step
        step *= s
    return size
