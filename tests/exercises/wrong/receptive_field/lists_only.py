"""A list is put before the strides, which fails for tuples.

Easily made with lists in mind.
"""

CAUSE = ("tuple",)


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in zip(kernel_sizes[:k], ([1] + strides)[:k], strict=True):
        step *= s
        size += (m - 1) * step
    return size
