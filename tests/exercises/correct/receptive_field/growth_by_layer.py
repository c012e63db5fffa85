"""Growth: list what each layer adds, with a product computed anew each time."""


def receptive_field(kernel_sizes, strides, k):
    added = []
    for j in range(k):
        pixels = kernel_sizes[j] - 1
        for stride in strides[:j]:
            pixels = pixels * stride
        added.append(pixels)
    return sum(added, start=1)
