"""out has the dtype of w, expected that of x.

Easily made: in most nets the two are equal.
"""

from utils.exercises.conv_layers import conv_forward_naive as solved

CAUSE = ("dtype",)


def conv_forward_naive(x, w, b, conv_param):
    out, cache = solved(x, w, b, conv_param)
    return out.astype(w.dtype), cache
