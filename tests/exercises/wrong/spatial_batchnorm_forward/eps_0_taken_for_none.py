"""An eps of 0 is taken for none given, and replaced by 1e-5.

Easily made by bn_param.get("eps") or 1e-5.
"""

from utils.exercises.spatial_batchnorm import spatial_batchnorm_forward as solved

CAUSE = "eps is 1e-5"


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    given = bn_param | {"eps": bn_param.get("eps") or 1e-5}
    out, cache = solved(x, gamma, beta, given)
    for name in ("running_mean", "running_var"):
        bn_param[name] = given[name] if name in given else bn_param[name]
    return out, cache
