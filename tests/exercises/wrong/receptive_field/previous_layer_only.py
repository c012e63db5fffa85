"""Only the stride of the layer just below counts.

Easily made with a formula that is made up from two layers.
"""

CAUSE = ("previous", "not all")


def receptive_field(kernel_sizes, strides, k):
    size = kernel_sizes[0]
    for j in range(1, k):
        size += (kernel_sizes[j] - 1) * strides[j - 1]
    return size
