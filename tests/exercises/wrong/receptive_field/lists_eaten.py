"""The function pops the layers off the caller's own lists.

Easily made in a loop with pop.
"""

CAUSE = ("changed kernel_sizes", "copy")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for _ in range(k):
        size += (kernel_sizes.pop(0) - 1) * step
        step *= strides.pop(0)
    return size
