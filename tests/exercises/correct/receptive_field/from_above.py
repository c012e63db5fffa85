"""From layer k down to the image: r positions need (r - 1) steps and one window."""


def receptive_field(kernel_sizes, strides, k):
    size = 1
    for m, s in zip(reversed(kernel_sizes[:k]), reversed(strides[:k]), strict=True):
        size = (size - 1) * s + m
    return size
