"""The answer is the next odd number.

Easily made by those who think that it has a middle.
"""

CAUSE = "even"


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        size += (m - 1) * step
        step *= s
    return size | 1
