"""Winograd's algorithms: a convolution with fewer multiplications.

A filter with r taps that slides over m positions needs m * r multiplications.  Winograd
showed that m + r - 1 are enough.  The idea comes from multiplying two polynomials, with
m and r coefficients: evaluate both at m + r - 1 points, multiply point by point, and
interpolate.  With matrices that evaluate (A, G) and one that interpolates (B),

    product = B @ ((G @ w) * (A @ v))          v: m coefficients, w: r coefficients

This is linear in v, and the matrix that takes v to the product holds w shifted from
column to column.  Its transpose holds w shifted from *row to row*: it is the filter
that slides.  So a convolution is the same algorithm read backwards, with each matrix
transposed and in the other's place:

    out = AT @ ((G @ w) * (BT @ x))            x: D pixels, w: r taps, out: m pixels

G depends on the filter alone, BT on the image alone; between them stand the few
multiplications that couple both.  In two dimensions the matrices are applied to the
rows and to the columns.  F(4x4, 3x3) needs 36 multiplications for 16 outputs
where the definition needs 144: four times fewer, and because a multiplication of *one*
pixel becomes one of *all channels* of a pixel, the 36 are matrix products.

Points.  Evaluating at large or crowded points loses digits.  With the points
0, 1, -1, 2, -2 of the textbooks, float32 results are wrong by 3 parts in a million of
the largest output, with 0, 3/4, -3/4, 3/2, -3/2 by 1 part (64 channels).  The point
"infinity" stands for the highest coefficient.

Stride 2.  Every second pixel: the even taps see the even pixels, the odd tap sees the
odd ones, so a filter with 3 taps is one with 2 taps and one with 1 tap, both with
stride 1.  Their outputs add up, which is one algorithm with a wider AT.

The same three matrices give all gradients: that of w is G.T @ ((BT @ x) * (AT.T @
dout)); that of x is a convolution of dout again, for which `backward` gives a scheme.

Sources: S. Winograd, Arithmetic Complexity of Computations (1980); A. Lavin and S.
Gray, Fast Algorithms for Convolutional Neural Networks, CVPR 2016; points: A. Barabasz
et al., Error Analysis and Improving the Accuracy of Winograd Convolution for Deep
Neural Networks, ACM TOMS 2020.
"""

from typing import NamedTuple

import numpy as np


def cook(points, m, r):
    """Build F(m, r) from its points, by the method of Toom and Cook.

    Parameters
    ----------
    points : sequence of float
        m + r - 2 different numbers; infinity is added to them.
    m, r : int
        Outputs and taps.

    Returns
    -------
    BT : ndarray of shape (m + r - 1, m + r - 1)
    G : ndarray of shape (m + r - 1, r)
    AT : ndarray of shape (m, m + r - 1)
        Such that ``out[i] = sum_j x[i + j] * w[j]`` is ``AT @ ((G @ w) * (BT @ x))``.
    """
    size = m + r - 1
    if len(set(points)) != size - 1:
        raise ValueError(f"F({m}, {r}) takes {size - 1} different points, not {points}")
    BT, G, AT = np.zeros((size, size)), np.zeros((size, r)), np.zeros((m, size))
    for k, point in enumerate(points):
        others = [other for other in points if other != point]
        AT[:, k] = [point**i for i in range(m)]
        scale = np.prod([point - other for other in others])
        G[k] = [point**j / scale for j in range(r)]
        BT[k, : size - 1] = np.atleast_1d(np.poly(others))[::-1]
    AT[m - 1, -1] = G[-1, r - 1] = 1
    BT[-1] = np.atleast_1d(np.poly(points))[::-1]
    return BT, G, AT


class Scheme(NamedTuple):
    """One algorithm along one axis; products = len(BT)."""

    BT: np.ndarray  # (products, pixels in)
    G: np.ndarray  # (products, taps)
    AT: np.ndarray  # (pixels out, products)
    step_in: int  # pixels from one tile's input to the next one's
    step_out: int  # pixels that a tile puts out

    @property
    def products(self):
        """How many multiplications a tile takes, along this axis."""
        return len(self.BT)

    @property
    def pixels(self):
        """How many input pixels a tile sees, along this axis."""
        return self.BT.shape[1]


# m: points of F(m, 3) and F(m, 2), chosen for float32 (`tests/kernels/test_schemes.py`
# measures their errors).
THREE_TAPS = {
    2: (0, 1, -1),
    3: (0.4, -0.4, 1.2, -1.2),
    4: (0, 0.75, -0.75, 1.5, -1.5),
    6: (0, 0.5, -0.5, 1, -1, 1.75, -1.75),
}
TWO_TAPS = {4: (0.5, -0.5, 1.5, -1.5)}


def stride_one(m):
    """Give F(m, 3) for stride 1."""
    return Scheme(*cook(THREE_TAPS[m], m, 3), m, m)


def stride_two(m):
    """Give the algorithm for 3 taps and stride 2 with m outputs."""
    BT, G, AT = cook(TWO_TAPS[m], m, 2)
    products = len(BT)
    both_BT = np.zeros((products + m, 2 * m + 1))
    both_BT[:products, ::2] = BT  # the even pixels
    both_BT[products:, 1::2] = np.eye(m)
    both_G = np.zeros((products + m, 3))
    both_G[:products, ::2] = G  # taps 0 and 2
    both_G[products:, 1] = 1
    return Scheme(both_BT, both_G, np.hstack([AT, np.eye(m)]), 2 * m, m)


def stride_two_back(m, pad_is_odd):
    """Give the algorithm for the input gradient of stride 2: m pixels in, 2m out.

    Where pad is odd, even pixels of x were seen by tap 1 alone, odd ones by taps 2
    and 0 of two neighbours; where it is even, the other way round.
    """
    BT, G, AT = cook(TWO_TAPS[m], m, 2)
    products = len(BT)
    both_BT = np.zeros((products + m, m + 1))
    both_BT[:products] = BT
    both_G = np.zeros((products + m, 3))
    both_G[:products, ::-2] = G  # taps 2 and 0
    both_G[products:, 1] = 1
    both_AT = np.zeros((2 * m, products + m))
    pair, single = (1, 0) if pad_is_odd else (0, 1)
    both_AT[pair::2, :products] = AT
    both_AT[single::2, products:] = np.eye(m)
    shift = 0 if pad_is_odd else 1
    both_BT[products:, shift : shift + m] = np.eye(m)
    return Scheme(both_BT, both_G, both_AT, m, 2 * m)


# Which scheme a kernel is compiled for is told by the class of an argument, because
# Numba compiles once per type.  The fields say where the tiles of an axis lie.
class F2(NamedTuple):
    """F(2, 3)."""

    tiles: int  # along this axis
    origin: int  # first input pixel of tile 0; negative inside the padding
    pixels: int  # that a tile sees
    step_in: int  # input pixels from one tile to the next
    step_out: int  # output pixels of a tile


class F3(NamedTuple):
    """F(3, 3)."""

    tiles: int
    origin: int
    pixels: int
    step_in: int
    step_out: int


class F4(NamedTuple):
    """F(4, 3)."""

    tiles: int
    origin: int
    pixels: int
    step_in: int
    step_out: int


class F6(NamedTuple):
    """F(6, 3)."""

    tiles: int
    origin: int
    pixels: int
    step_in: int
    step_out: int


class S4(NamedTuple):
    """3 taps, stride 2, 4 outputs."""

    tiles: int
    origin: int
    pixels: int
    step_in: int
    step_out: int


class B4Odd(NamedTuple):
    """The input gradient of `S4`, odd padding."""

    tiles: int
    origin: int
    pixels: int
    step_in: int
    step_out: int


class B4Even(NamedTuple):
    """The input gradient of `S4`, even padding."""

    tiles: int
    origin: int
    pixels: int
    step_in: int
    step_out: int


SCHEMES = {
    F2: stride_one(2),
    F3: stride_one(3),
    F4: stride_one(4),
    F6: stride_one(6),
    S4: stride_two(4),
    B4Odd: stride_two_back(4, pad_is_odd=True),
    B4Even: stride_two_back(4, pad_is_odd=False),
}


def forward(size_out, stride, pad, multiple=1):
    """Choose the scheme of an axis for the forward pass: the fewest products.

    Parameters
    ----------
    size_out : int
        Output pixels along the axis that are needed.
    stride : int
        1 or 2.
    pad : int
        Zeros before the first pixel.
    multiple : int
        2 if tiles must hold whole pooling windows of 2 pixels.

    Returns
    -------
    F2, F3, F4, F6 or S4
        For 3 taps.
    """
    kinds = (F4, F6, F3, F2) if stride == 1 else (S4,)
    choices = []
    for kind in kinds:
        scheme = SCHEMES[kind]
        tiles = -(-size_out // scheme.step_out)
        if scheme.step_out % multiple == 0:
            choices.append((tiles * scheme.products, len(choices), kind, tiles))
    *_, kind, tiles = min(choices)
    return _axis(kind, tiles, -pad)


def backward(size_in, stride, pad):
    """Choose the scheme of an axis for the gradient of the input.

    Parameters
    ----------
    size_in : int
        Pixels of x along the axis.
    stride, pad : int
        Of the forward pass.

    Returns
    -------
    scheme : F2, F3, F4, F6, B4Odd or B4Even
        Its input is dout, its output dx.
    """
    if stride == 1:
        # Flipped taps slide over dout, whose own border is what pad left of the filter.
        return forward(size_in, 1, 2 - pad)
    kind = B4Odd if pad % 2 else B4Even
    tiles = -(-size_in // SCHEMES[kind].step_out)
    return _axis(kind, tiles, pad // 2 - (0 if pad % 2 else 1))


def _axis(kind, tiles, origin):
    scheme = SCHEMES[kind]
    return kind(tiles, origin, scheme.pixels, scheme.step_in, scheme.step_out)


def apply(matrix, vectors):
    """Write down the product of a constant matrix with vectors, sparing operations.

    Rows and columns of a scheme come in pairs that differ only in signs (the points x
    and -x).  A pair of columns needs the sum and the difference of its two vectors
    once; a pair of rows shares the even and the odd part of its sum.

    Parameters
    ----------
    matrix : ndarray of shape (rows, columns)
    vectors : list of `columns` objects with ``+``, ``-`` and ``*``

    Returns
    -------
    list
        One object per row; None for a row of zeros.
    """
    matrix, vectors = _pair_columns(matrix, vectors)
    results = [None] * len(matrix)
    waiting = list(range(len(matrix)))
    while waiting:
        a = waiting.pop(0)
        twin = next((b for b in waiting if _are_twins(matrix[a], matrix[b])), None)
        if twin is None:
            results[a] = _dot(matrix[a], vectors)
            continue
        waiting.remove(twin)
        same = matrix[a] == matrix[twin]
        even = _dot(np.where(same, matrix[a], 0), vectors)
        odd = _dot(np.where(same, 0, matrix[a]), vectors)
        results[a], results[twin] = even + odd, even - odd
    return results


def _are_twins(a, b):
    """Tell whether two rows share work: equal sizes, some signs equal, some not."""
    if not np.array_equal(np.abs(a), np.abs(b)):
        return False
    used = a != 0
    return bool(used.sum() > 2 and (a == b)[used].any() and (a != b)[used].any())


def _pair_columns(matrix, vectors):
    matrix, vectors = matrix.copy(), list(vectors)
    columns = list(range(matrix.shape[1]))
    while columns:
        a = columns.pop(0)
        for b in columns:
            if _are_twins(matrix[:, a], matrix[:, b]):
                total = vectors[a] + vectors[b]
                vectors[a], vectors[b] = total, vectors[a] - vectors[b]
                same = matrix[:, a] == matrix[:, b]
                matrix[:, b] = np.where(same, 0, matrix[:, a])
                matrix[:, a] = np.where(same, matrix[:, a], 0)
                columns.remove(b)
                break
    return matrix, vectors


def _dot(row, vectors):
    """Write down one sum of products; factors of 1 come first and cost nothing."""
    terms = [(c, v) for c, v in zip(row, vectors, strict=True) if c != 0]
    terms.sort(key=lambda term: abs(term[0]) != 1)
    total = None
    for factor, vector in terms:
        if total is None:
            total = vector * factor if factor != -1 else -vector
        elif factor == -1:
            total = total - vector
        else:
            total = total + vector * factor
    return total
