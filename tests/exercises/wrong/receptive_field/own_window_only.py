"""The size of the layer's own window is returned.

Easily made by taking the receptive field as the size of the filter.
"""

CAUSE = ("own window", "pixels of the image")


def receptive_field(kernel_sizes, strides, k):
    return kernel_sizes[k - 1]
