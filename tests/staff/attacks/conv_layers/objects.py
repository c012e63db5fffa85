"""Returns arrays of objects, texts, and long doubles, in turn."""

import itertools

import numpy as np

dtypes = itertools.cycle([object, "U9", np.longdouble, complex, "datetime64[s]"])


def max_pool_forward_naive(x, pool_param):
    return np.zeros((2, 3, 2, 2)).astype(next(dtypes)), None
