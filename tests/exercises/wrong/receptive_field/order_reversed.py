"""The layers are gone through from the last one to the first.

Easily made by whoever mixes the recursion from below with that from above.
"""

CAUSE = ("strides before it", "after it")


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for j in range(k - 1, -1, -1):
        size += (kernel_sizes[j] - 1) * step
        step *= strides[j]
    return size
