"""What the tests of groups, methods and movers share: small sets of parameters."""

import numpy as np

from utils import kernels

LANES = kernels.lanes.LANES if kernels.compiles() else 8
SHAPES = {
    "conv1.w": (3, 3, 4, LANES),
    "conv2.w": (1, 1, LANES, 2 * LANES),
    "bn1.gamma": (LANES,),
    "bn1.beta": (LANES,),
    "affine1.w": (2 * LANES, LANES),
    "affine1.b": (LANES,),
}


def random_arrays(rng, dtype=np.float32):
    """Give one array for each name."""
    return {
        name: rng.standard_normal(shape).astype(dtype) for name, shape in SHAPES.items()
    }


def newton_schulz(X):
    """Three steps in float64, by the singular values."""
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    s /= np.linalg.norm(s)
    for _ in range(3):
        s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
    return (U * s) @ Vt
