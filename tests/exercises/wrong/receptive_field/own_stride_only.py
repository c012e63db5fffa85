"""Each layer is stretched by its own stride alone.

Easily made by taking "the stride of the layer" for that of the layer itself.
"""

CAUSE = ("stretched by the strides before it", "own")


def receptive_field(kernel_sizes, strides, k):
    layers = list(zip(kernel_sizes, strides, strict=True))[:k]
    return 1 + sum((m - 1) * s for m, s in layers)
