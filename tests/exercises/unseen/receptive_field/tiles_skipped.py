"""Layers whose windows tile are taken for pooling and skipped.

Easily made by those who count convolutions only.
"""

CAUSE = ("stride", "window")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        if m == s > 1:
            continue
        size += (m - 1) * step
        step *= s
    return size
