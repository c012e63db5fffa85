"""A memory of earlier results knows k but not the net.

Easily made by speeding up the recursion with a dictionary.
"""

CAUSE = ("earlier", "remembered")


MEMORY = {0: (1, 1)}


def receptive_field(kernel_sizes, strides, k):
    return _size_and_step(kernel_sizes, strides, k)[0]


def _size_and_step(kernel_sizes, strides, k):
    if k not in MEMORY:
        size, step = _size_and_step(kernel_sizes, strides, k - 1)
        MEMORY[k] = size + (kernel_sizes[k - 1] - 1) * step, step * strides[k - 1]
    return MEMORY[k]
