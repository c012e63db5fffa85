"""The strides before a layer are added up instead of multiplied.

Easily made by whoever thinks of a stride as a distance from the border.
"""

CAUSE = ("multiply", "strides")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        size += (m - 1) * step
        step += s
    return size
