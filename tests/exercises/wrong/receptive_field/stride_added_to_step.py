"""The size grows by the window and by the stride before it.

Easily made in a recursion guessed from r_1 = m_1.
"""

CAUSE = ("stride", "multiplies", "not added")


def receptive_field(kernel_sizes, strides, k):
    size = kernel_sizes[0]
    for j in range(1, k):
        size += kernel_sizes[j] - 1 + strides[j - 1]
    return size
