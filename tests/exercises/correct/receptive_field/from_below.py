"""One loop from the first layer to layer k that carries the size and the step."""


def receptive_field(kernel_sizes, strides, k):
    size, step = 1, 1
    for j in range(k):
        size += (kernel_sizes[j] - 1) * step
        step *= strides[j]
    return size
