"""Only the window of layer k counts, not those of the layers below.

Easily made by whoever forgets the sum and keeps the product.
"""

CAUSE = ("layers below", "layer k")


def receptive_field(kernel_sizes, strides, k):
    step = 1
    for s in strides[: k - 1]:
        step *= s
    return 1 + (kernel_sizes[k - 1] - 1) * step
