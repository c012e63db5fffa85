"""The number of batches is counted in bn_param.

Easily made by those who know batch normalisation from a library.
"""

from utils.exercises.spatial_batchnorm import spatial_batchnorm_forward as solved

CAUSE = ("bn_param['count']", "only running_mean and running_var")


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    bn_param["count"] = bn_param.get("count", 0) + 1
    return solved(x, gamma, beta, bn_param)
