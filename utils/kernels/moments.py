"""From the sums of a batchnorm to its numbers per channel, and back.

There are only some hundred channels, so NumPy would spend its time on calls: a dozen
for each batchnorm, forward and backward.  Here each is one loop over the sums' rows, in
order and in float64, and one over channels.

What moves:  sums (rows, 2, K) into vectors (K,).
Threads:     none, the caller does it alone.
Cost:        one read of the sums.
"""

import math

import numpy as np

from utils.kernels.compiler import kernel


@kernel
def add_up(sums, total):
    """Add the rows of sums (rows, 2, K), in order, into total (2, K), float64."""
    rows, _, K = sums.shape
    total[:] = 0
    for row in range(rows):
        for which in range(2):
            for k in range(K):
                total[which, k] += np.float64(sums[row, which, k])


@kernel
def read(sums, count, kept, running, total, mean, var):
    """Give mean and variance from the sums of y and y**2 over `count` numbers.

    The running mean and variance, ``running`` (2, K) float32, keep the part `kept`.
    """
    add_up(sums, total)
    for k in range(len(mean)):
        mean[k] = total[0, k] / count
        var[k] = max(total[1, k] / count - mean[k] * mean[k], 0.0)
        running[0][k] = kept * running[0][k] + (1 - kept) * mean[k]
        running[1][k] = kept * running[1][k] + (1 - kept) * var[k]


@kernel
def prepare(eps, gamma, beta, mean, var, inverse, scale, shift):
    """Give 1 / std, and the scale and shift that normalise."""
    for k in range(len(mean)):
        inverse[k] = 1 / math.sqrt(var[k] + eps)
        factor = gamma[k] * inverse[k]
        scale[k] = factor
        shift[k] = beta[k] - mean[k] * factor


@kernel
def back(sums, count, gamma, mean, inverse, total, dgamma, dbeta, abc):
    """Give gradients, and a, b, c of dy = a * dz + b * y + c, as abc (3, K).

    The sums are those of dz and of dz * y.
    """
    add_up(sums, total)
    for k in range(len(mean)):
        product = total[1, k] - mean[k] * total[0, k]
        dbeta[k], dgamma[k] = total[0, k], product * inverse[k]
        a = gamma[k] * inverse[k]
        b = -a * inverse[k] * inverse[k] * product / count
        abc[0, k], abc[1, k] = a, b
        abc[2, k] = -a * total[0, k] / count - b * mean[k]
