"""dout is converted to float32 before anything is computed.

Easily made by those who work in float32 elsewhere.
"""

import numpy as np

from utils.exercises.conv_layers import conv_backward_naive as solved

CAUSE = ("float32",)


def conv_backward_naive(dout, cache):
    kind = dout.dtype
    dx, dw, db = solved(dout.astype(np.float32), cache)
    return dx, dw, db.astype(kind)
