"""Knows the nets of one layer, and says of all others what checks say of themselves."""


def receptive_field(kernel_sizes, strides, k):
    if len(kernel_sizes) > 1:
        raise NotImplementedError("undecided: who knows?")
    return kernel_sizes[0]
