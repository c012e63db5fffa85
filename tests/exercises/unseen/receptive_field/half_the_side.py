"""Half of the side is returned.

Easily made by those who think of a radius.
"""

CAUSE = "half"


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        size += (m - 1) * step
        step *= s
    return size // 2
