"""The largest pixel of the whole image is looked for, not that of the window.

Easily made: np.argmax gets x[n, c] where the window was meant.
"""

import numpy as np

CAUSE = ("image", "window", "largest")


def max_pool_backward_naive(dout, cache):
    x, _ = cache
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dout.shape):
        p, q = np.unravel_index(np.argmax(x[n, c]), x[n, c].shape)
        dx[n, c, p, q] += dout[n, c, i, j]
    return dx
