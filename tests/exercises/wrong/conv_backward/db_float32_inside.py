"""db is summed up in float32.

Easily made by dtype=np.float32 in np.sum.
"""

import numpy as np

from utils.exercises.conv_layers import conv_backward_naive as solved

CAUSE = ("db", "float32")


def conv_backward_naive(dout, cache):
    dx, dw, db = solved(dout, cache)
    return dx, dw, dout.sum(axis=(0, 2, 3), dtype=np.float32).astype(db.dtype)
