"""A layer's own stride stretches its own window.

Easily made by updating the step one line too early.
"""

CAUSE = ("own stride", "apart")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        step *= s
        size += (m - 1) * step
    return size
