"""GELU and SiLU by their definitions, to the last digit, for any float dtype.

`activations` has the vectors' versions, which are fast and exact to 1e-7; a gradient
check in float64 sees that difference.  Here each number takes the library's erf or exp.
"""

import math

import numpy as np

from utils.kernels.compiler import kernel

ROOT_HALF, BELL = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi)


# Moves:  x (N,) into out (N,).
# Order:  from first to last.
# Thread: owns its part of out.
# Cost:   one read and one write; some 20 ns per number for the erf.
@kernel
def gelu(start, stop, x, out):
    """Write x times the standard normal distribution function of x."""
    for i in range(start, stop):
        z = np.float64(x[i])
        out[i] = z * (0.5 * math.erfc(-z * ROOT_HALF))


# Moves:  dout and x (N,) into dx (N,); the rest as above.
@kernel
def gelu_back(start, stop, dout, x, dx):
    """Write dout times the slope of GELU at x."""
    for i in range(start, stop):
        z = np.float64(x[i])
        bell = BELL * math.exp(-0.5 * z * z)
        dx[i] = dout[i] * (0.5 * math.erfc(-z * ROOT_HALF) + z * bell)


@kernel
def silu(start, stop, x, out):
    """Write x times the logistic function of x."""
    for i in range(start, stop):
        z = np.float64(x[i])
        out[i] = z / (1 + math.exp(-z)) if z > -700 else 0.0


@kernel
def silu_back(start, stop, dout, x, dx):
    """Write dout times the slope of SiLU at x."""
    for i in range(start, stop):
        z = np.float64(x[i])
        logistic = 1 / (1 + math.exp(-z)) if z > -700 else 0.0
        dx[i] = dout[i] * (logistic * (1 + z * (1 - logistic)))
