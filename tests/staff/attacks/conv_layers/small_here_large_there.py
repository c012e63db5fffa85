"""Returns an array of objects that takes memory only where it is copied."""

import numpy as np


def max_pool_forward_naive(x, pool_param):
    return np.broadcast_to(np.zeros((), object), (2, 3, 8 << 20)), None
