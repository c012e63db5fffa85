"""The channel axis is moved to the front, and the matrix is cut as if it were last.

Easily made by trying axes until the shapes fit.
"""

from utils.batchnorm import batchnorm_forward

CAUSE = ("channel", "mixed", "reshape")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    N, C, H, W = x.shape
    rows = x.transpose(1, 0, 2, 3).reshape(-1, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(C, N, H, W).transpose(1, 0, 2, 3), cache
