"""The size of the first layer's window is returned for every layer.

Easily made by whoever takes only layers that touch the image.
"""

CAUSE = ("first layer", "layers 1 to k")


def receptive_field(kernel_sizes, strides, k):
    return kernel_sizes[0]
