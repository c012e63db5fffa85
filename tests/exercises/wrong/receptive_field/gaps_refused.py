"""A stride larger than its window is refused as impossible.

Easily made: such a layer skips pixels, but frameworks allow it.
"""

CAUSE = ("stride", "larger than its window")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        assert s <= m
        size += (m - 1) * step
        step *= s
    return size
