"""Two ends: both move by the stride, the right one by the window as well."""


def receptive_field(kernel_sizes, strides, k):
    left, right = 0, 0
    for m, s in list(zip(kernel_sizes, strides, strict=True))[k - 1 :: -1]:
        left, right = left * s, right * s + m - 1
    return right - left + 1
