"""The number of pixels in the square is returned, not its side.

Easily made by whoever reads how many pixels it sees.
"""

CAUSE = ("area", "side")


def receptive_field(kernel_sizes, strides, k):
    side, step = 1, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        side += (m - 1) * step
        step *= s
    return side * side
