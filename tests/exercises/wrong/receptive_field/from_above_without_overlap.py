"""Going down, windows are laid side by side: r * s + m.

Easily made in the recursion from above; r windows have only r - 1 steps.
"""

CAUSE = ("r - 1", "steps")


def receptive_field(kernel_sizes, strides, k):
    size = 1
    for j in range(k - 1, -1, -1):
        size = size * strides[j] + kernel_sizes[j]
    return size
