"""The nearest matrix without preferred directions, for `rules.muon` and `Muon`.

`utils.kernels.muon` computes the same in another order, faster.
"""

import numpy as np

# Steeper at 0 than the classical 1.5, -0.5, 0: small singular values grow faster.  In
# exchange all end near 1 (0.6 to 1.2), which does no harm here.
QUINTIC = 3.4445, -4.7750, 2.0315


def orthogonal(X, steps=3):
    """Find the matrix near X whose singular values are all about 1.

    Newton-Schulz: a polynomial X -> a X + b (X X') X + c (X X')**2 X changes singular
    values only, s -> a s + b s**3 + c s**5.  Dividing by the norm brings them into
    (0, 1]; each step then brings those above 0.1 or so nearer to 1, and multiplies
    smaller ones by almost `a`.

    Parameters
    ----------
    X : ndarray of shape (D, M), float32 or float64
        Any matrix; zeros stay zeros.
    steps : int >= 0
        How often the polynomial is applied.

    Returns
    -------
    ndarray of shape (D, M)
        A new array, same dtype as ``X``.

    Examples
    --------
    >>> orthogonal(np.array([[3.0, 0.0], [0.0, 0.3]])).round(1)
    array([[0.7, 0. ],
           [0. , 0.7]])
    """
    a, b, c = QUINTIC
    wide = X.T if len(X) > X.shape[1] else X  # the smaller product: (rows, rows)
    out = wide / (np.linalg.norm(wide) or 1.0)
    for _ in range(steps):
        G = out @ out.T
        out = a * out + (b * G + c * (G @ G)) @ out
    return out.T if wide is not X else out
