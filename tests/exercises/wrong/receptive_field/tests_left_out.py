"""The given first line is deleted, so nonsense gets an answer.

Easily made by those who begin with an empty function.
"""

CAUSE = ("ValueError",)


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in zip(kernel_sizes[:k], strides[:k], strict=False):
        size += (m - 1) * step
        step *= s
    return size
