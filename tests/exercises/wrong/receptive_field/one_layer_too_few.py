"""The loop ends before layer k.

Easily made with range(1, k).
"""

CAUSE = ("layer k - 1", "counted from 1")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for j in range(1, k):
        size += (kernel_sizes[j - 1] - 1) * step
        step *= strides[j - 1]
    return size
