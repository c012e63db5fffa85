"""The running averages are stored in a copy of bn_param, which is lost.

Easily made by whoever takes care not to change arguments.
"""

from utils.batchnorm import batchnorm_forward

CAUSE = ("running_mean", "bn_param", "missing")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    bn_param = dict(bn_param)
    N, C, H, W = x.shape
    rows = x.transpose(0, 2, 3, 1).reshape(-1, C)
    out, cache = batchnorm_forward(rows, gamma, beta, bn_param)
    return out.reshape(N, H, W, C).transpose(0, 3, 1, 2), cache
