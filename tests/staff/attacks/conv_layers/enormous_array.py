"""Returns an array of eight terabytes that takes no memory."""

import numpy as np


def max_pool_forward_naive(x, pool_param):
    return np.broadcast_to(0.0, (1 << 20, 1 << 20)), None
