"""Window sizes and strides change places.

Easily made in a recursion that is written down from memory.
"""

CAUSE = ("kernel sizes", "strides", "exchanged")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(strides, kernel_sizes, strict=True))[:k]:
        size += (m - 1) * step
        step *= s
    return size
