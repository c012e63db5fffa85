"""db is summed up in an array of whole numbers.

Easily made by np.zeros_like of an array of ints.
"""

import numpy as np

from utils.exercises.conv_layers import conv_backward_naive as solved

CAUSE = ("db", "whole numbers")


def conv_backward_naive(dout, cache):
    dx, dw, db = solved(dout, cache)
    total = np.zeros(len(db), dtype=int)
    for f in range(len(db)):
        for value in dout[:, f].ravel():
            total[f] += value
    return dx, dw, total.astype(db.dtype)
