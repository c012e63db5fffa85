"""A while loop that counts up, with the distance of the last window's start."""


def receptive_field(kernel_sizes, strides, k):
    last_start, step, layer = 0, 1, 0
    while layer < k:
        last_start += (kernel_sizes[layer] - 1) * step
        step *= strides[layer]
        layer += 1
    return last_start + 1
