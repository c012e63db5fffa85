"""Uses what numpy no longer has (an accident)."""

import numpy as np


def max_pool_forward_naive(x, pool_param):
    return np.zeros((2, 3, 2, 2), vars(np)["float"]), None
