"""Returns a view of its argument, and shifts it later."""


def max_pool_forward_naive(x, pool_param):
    x[...] = 0
    return x[:, :, :2, :2], None
