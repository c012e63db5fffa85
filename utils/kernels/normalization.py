"""Sums over one channel of all images, for spatial batch normalisation.

In an array of shape (N, C, H*W) a channel is N separate runs of H*W numbers.  Taking
one channel after the other, run by run, needs no transposed copy of the images.
Sums are kept in float64 so that a channel of a million float32 values loses nothing;
then the order of their terms does not matter, and they are added up in vectors.
"""

import numpy as np

from utils.kernels.compiler import kernel


# Moves:  x (N, C, L) into mean and var (C,).
# Order:  run by run, left to right, twice: the mean first, then the squared
#         distances from it, which stays exact where the mean is large.
# Thread: channel c owns mean[c] and var[c].
# Cost:   two reads of x.
@kernel(any_order=True)
def channel_moments(start, stop, x, mean, var):
    """Give mean and biased variance of channels ``start`` to ``stop``."""
    N, _, L = x.shape
    for c in range(start, stop):
        total = np.float64(0)
        for n in range(N):
            for k in range(L):
                total += x[n, c, k]
        average, total = total / (N * L), np.float64(0)
        for n in range(N):
            for k in range(L):
                total += (x[n, c, k] - average) ** 2
        mean[c], var[c] = average, total / (N * L)


# Moves:  dout and x (N, C, L) into two sums (C,): of dout, and of
#         dout * (x - mean).
# Order:  run by run, left to right.
# Thread: channel c owns both of its sums.
# Cost:   one read of dout and x.
@kernel(any_order=True)
def channel_sums(start, stop, dout, x, mean, sum_dout, sum_product):
    """Give the two sums of the backward pass for channels ``start`` to ``stop``."""
    N, _, L = x.shape
    for c in range(start, stop):
        total, product = np.float64(0), np.float64(0)
        for n in range(N):
            for k in range(L):
                total += dout[n, c, k]
                product += dout[n, c, k] * (x[n, c, k] - mean[c])
        sum_dout[c] = total
        sum_product[c] = product


# Moves:  x (N, C, L) into out (N, C, L), with three numbers per channel (C,).
# Order:  run by run, left to right.
# Thread: image n owns out[n].
# Cost:   one read of x, one write of out.
@kernel
def normalize(start, stop, x, mean, scale, shift, out):
    """Write (x - mean) * scale + shift for images ``start`` to ``stop``."""
    C, L = x.shape[1:]
    for n in range(start, stop):
        for c in range(C):
            # The mean goes first: where it is large, x * scale would lose digits.
            for k in range(L):
                out[n, c, k] = (x[n, c, k] - mean[c]) * scale[c] + shift[c]


# Moves:  dout and x (N, C, L) into dx (N, C, L), with four numbers per channel (C,).
# Order:  run by run, left to right.
# Thread: image n owns dx[n].
# Cost:   one read of dout and x, one write of dx.
@kernel
def normalize_back(start, stop, dout, x, mean, scale, slope, constant, dx):
    """Write scale * dout - slope * (x - mean) - constant."""
    C, L = x.shape[1:]
    for n in range(start, stop):
        for c in range(C):
            for k in range(L):
                back = slope[c] * (x[n, c, k] - mean[c]) + constant[c]
                dx[n, c, k] = scale[c] * dout[n, c, k] - back
