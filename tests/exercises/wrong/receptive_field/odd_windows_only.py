"""A window is taken to reach m // 2 positions to either side.

Easily made from a centre and a radius: right for odd windows.
"""

CAUSE = ("even", "window")


def receptive_field(kernel_sizes, strides, k):
    radius, step = 0, 1
    for m, s in list(zip(kernel_sizes, strides, strict=True))[:k]:
        radius += (m // 2) * step
        step *= s
    return 2 * radius + 1
