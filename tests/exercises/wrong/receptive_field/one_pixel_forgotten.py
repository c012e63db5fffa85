"""The steps between the pixels are counted, one fewer than pixels.

Easily made by starting the sum at 0.
"""

CAUSE = ("one pixel more than steps",)


def receptive_field(kernel_sizes, strides, k):
    size, step = 0, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        size += (m - 1) * step
        step *= s
    return size
