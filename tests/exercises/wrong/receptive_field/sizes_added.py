"""The window sizes are added up.

Easily made: for one layer it is right.
"""

CAUSE = ("overlap", "add up")


def receptive_field(kernel_sizes, strides, k):
    return sum(kernel_sizes[:k])
