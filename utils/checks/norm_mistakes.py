"""Known wrong answers for batch and group normalisation: see `mistakes`.

A normalisation is put together from parts, and each of them can be read wrongly: of
which values the statistics are, what becomes of eps, what is divided by, what gamma
and beta do; on the way back, how much goes through the mean and the variance.
"""

from functools import partial
from itertools import permutations

import numpy as np

from utils.checks.mistakes import misreadings

PIXELS = (0, 2, 3)
# Orders of axes before an array becomes a matrix with C columns; this one is right.
PIXEL_ROWS = (0, 2, 3, 1)
NOT_MOVED = (0, 1, 2, 3)
ORDERS = tuple(order for order in permutations(range(4)) if order != PIXEL_ROWS)
RESHAPED = (
    "values of different channels are mixed: move the channel axis to the end "
    "(transpose) before you reshape"
)
OTHER_LAST = (
    "transpose puts {} last, where C has to stand before you reshape: so channels are "
    "mixed in a row"
)
OTHER_PIXELS = (
    "the rows are pixels in another order than expected: transpose gives the axes in "
    "the order ({}), and N, H and W keep theirs"
)
NOT_BACK = (
    "the channel axis is not moved back: reshape to (N, H, W, C), and then transpose"
)
OTHER_MEANS = "the means in dx run over other axes than those of the forward pass"
DX_DIVISORS = [  # what dx may be divided by instead of the deviation
    ("dx is not divided by the deviation", np.ones_like),
    ("dx is divided by the variance, expected by its root", np.square),
]


def per_channel(values):
    """Give an array of shape (C,) the shape that broadcasts against (N, C, H, W)."""
    return np.asarray(values)[:, None, None]


def moments(x, axes, less=0):
    """Return mean and variance over some axes, divided by M - less; None for 0 / 0."""
    mean = x.mean(axis=axes, keepdims=True)
    squares = ((x - mean) ** 2).sum(axis=axes, keepdims=True)
    M = x.size // mean.size
    return (mean, squares / (M - less)) if M > less else None


def own_statistics(x, axes, others):
    """Return how statistics are taken over axes of x, and how they may go wrong.

    ``others`` explains which axes may be taken instead: pairs (explanation, axes).
    """
    right = partial(moments, x, axes)
    return right, [
        (
            "the variance is divided by M - 1, expected M, the number of values",
            partial(moments, x, axes, less=1),
        ),
        ("the mean is not subtracted", lambda: (0.0, right()[1])),
        (
            "the variance is the mean of x^2, where the mean of x was not subtracted",
            lambda: (right()[0], (x**2).mean(axis=axes, keepdims=True)),
        ),
        *((text, partial(moments, x, instead)) for text, instead in others),
    ]


def divisors(variance="the variance"):
    """Return what is divided by, and wrong readings of it."""
    return lambda var, eps: np.sqrt(var + eps), [
        (
            "eps is added to the deviation, expected inside the root: sqrt(var + eps)",
            lambda var, eps: np.sqrt(var) + eps,
        ),
        (
            f"the division is by {variance} (+ eps), expected by its root",
            lambda var, eps: var + eps,
        ),
        ("nothing is divided by the deviation", lambda var, eps: 1.0),
    ]


def epsilons(eps):
    """Return eps, and what may be taken for it."""
    return eps, [
        ("eps is not used", 0.0),
        ("eps is 1e-5 whatever the parameters say", 1e-5),
        ("eps is 1e-8, expected 1e-5 by default", 1e-8),
    ]


def affines(gamma, beta):
    """Return how normalised values are scaled and shifted, and wrong ways to do so."""
    g, b = per_channel(gamma), per_channel(beta)
    return lambda hat: g * hat + b, [
        ("gamma is not used", lambda hat: hat + b),
        ("beta is not used", lambda hat: g * hat),
        ("gamma and beta are not used", lambda hat: hat),
        ("gamma and beta are exchanged", lambda hat: b * hat + g),
        ("beta is scaled by gamma as well", lambda hat: g * (hat + b)),
    ]


def outputs(x, gamma, beta, eps, statistics, variance="the variance", shape=None):
    """Wrong values of a normalisation's output.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
    gamma, beta : ndarray of shape (C,)
    eps : float
    statistics : (callable, list)
        As `own_statistics` returns them, for x in the given shape.
    variance : str, optional
        What the variance is called.
    shape : tuple of ints, optional
        The shape of x that the statistics broadcast against, where it has groups.

    Returns
    -------
    list of (str, callable)
    """
    values = x if shape is None else x.reshape(shape)

    def normalised(statistics, eps, divisor, affine):
        found = statistics()
        if found is None:
            return None
        with np.errstate(all="ignore"):  # nan explains nothing
            hat = (values - found[0]) / divisor(found[1], eps)
        return affine(hat.reshape(x.shape))

    return misreadings(
        normalised, statistics, epsilons(eps), divisors(variance), affines(gamma, beta)
    )


def rows(x, order):
    """Turn (N, C, H, W) into a matrix with C columns, the axes in some order first."""
    return x.transpose(order).reshape(-1, x.shape[1])


def images(matrix, shape, order):
    """Turn a matrix back into (N, C, H, W): `rows` the other way round."""
    moved = matrix.reshape([shape[axis] for axis in order])
    return moved.transpose(np.argsort(order))


def ways():
    """List wrong ways to a matrix and back: (explanation, order there, order back).

    A student who knows the order that is right in one direction may mistake the other,
    take the same wrong one twice, or only reshape.
    """
    found = [(NOT_BACK, PIXEL_ROWS, back) for back in ORDERS]
    for there in ORDERS:
        for back in dict.fromkeys((there, PIXEL_ROWS, NOT_MOVED)):
            found.append((wrong_order(there), there, back))
    return found


def wrong_order(order):
    """Say what is wrong with an order of axes before an array becomes a matrix."""
    if order == NOT_MOVED:
        return RESHAPED
    names = ["NCHW"[axis] for axis in order]
    # How the axes before the last one stand makes no difference to dbeta.
    if names[-1] != "C":
        return OTHER_LAST.format(names[-1])
    return OTHER_PIXELS.format(", ".join(names))


def reshaped_outputs(x, normalise):
    """Wrong outputs of a way through a matrix; ``normalise`` takes (N * H * W, C)."""
    return [
        (
            text,
            lambda there=there, back=back: images(
                normalise(rows(x, there)), x.shape, back
            ),
        )
        for text, there, back in ways()
    ]


def reshaped_gradients(dout, x, backward):
    """Wrong gradients by a way through a matrix, by name.

    ``backward`` takes dout and x as matrices with C columns and returns dx and
    dout * x_hat as such.
    """

    def through(dout_order, x_order):
        return backward(rows(dout, dout_order), rows(x, x_order))

    def dx(dout_order, x_order, back):
        return images(through(dout_order, x_order)[0], x.shape, back)

    def dgamma(dout_order, x_order):
        return through(dout_order, x_order)[1].sum(axis=0)

    def dbeta(order):
        return rows(dout, order).sum(axis=0)

    found = {"dx": [], "dgamma": [], "dbeta": []}
    for text, there, back in ways():
        for x_order in dict.fromkeys((there, PIXEL_ROWS)):
            found["dx"].append((text, partial(dx, there, x_order, back)))
    for there in ORDERS:
        text = wrong_order(there)
        for x_order in (there, PIXEL_ROWS):
            found["dgamma"].append((text, partial(dgamma, there, x_order)))
        if there[-1] != 1:  # the order of the rows makes no difference to their sum
            found["dbeta"].append((text, partial(dbeta, there)))
    return found


def dx(dout, x, gamma, eps, axes, shape, others=()):
    """Wrong values of dx, where the statistics are those of x itself.

    ``shape`` is that of x with groups, if there are any; ``axes`` count in it, and so
    do those which the means in dx may be taken over instead, the ``others``.
    """
    values = x.reshape(shape)
    M = np.prod([shape[axis] for axis in axes])

    def gradient(gamma, eps, divisor, through_mean, through_variance, over=axes):
        mean, var = moments(values, axes)
        with np.errstate(all="ignore"):
            std = np.sqrt(var + eps)
            hat = (values - mean) / std
            dout_hat = (dout * gamma).reshape(shape)
            product = (dout_hat * hat).mean(axis=over, keepdims=True)
            mean = dout_hat.mean(axis=over, keepdims=True)
            parts = dout_hat - through_mean * mean - through_variance * hat * product
            return (parts / divisor(std)).reshape(x.shape)

    g = per_channel(gamma)
    both = [
        (text, partial(gradient, g, eps, np.copy, factor, factor))
        for text, factor in _factors(
            "mean and the variance", "they are no constants but depend", M, len(x)
        )
    ]
    late = (  # makes a difference only where gamma differs within a group
        "gamma is multiplied after the means are taken, expected before: it differs "
        "within a group",
        lambda: g * gradient(1.0, eps, np.copy, 1.0, 1.0),
    )
    return [
        *both,
        *([late] if shape != x.shape else []),
        *misreadings(
            gradient,
            (g, [("gamma is not used", 1.0)]),
            (eps, [("eps is not used in the backward pass", 0.0)]),
            (np.copy, DX_DIVISORS),
            (1.0, _factors("mean", "it is no constant but depends", M, len(x))),
            (1.0, _factors("variance", "it is no constant but depends", M, len(x))),
            (axes, [(OTHER_MEANS, instead) for instead in others]),
        ),
    ]


def _factors(what, constant, M, N):
    """Wrong factors of the part of dx that goes through a statistic."""
    part = f"the derivative through the {what}"
    return [
        (f"{part} is missing: {constant} on x", 0.0),
        (f"{part} has the wrong sign", -1.0),
        (
            f"{part} is 0.5 times what it should be: a square has the derivative 2 x",
            0.5,
        ),
        (f"{part} is 2 times what it should be", 2.0),
        (f"{part} holds a sum, expected the mean of all values", float(M)),
        (
            f"{part} is divided by the number of images N, expected by the number of "
            "values that a mean is taken of, N * H * W",
            M / N,
        ),
    ]


def dgamma(dout, x, hat, out, without_eps):
    """Wrong values of dgamma; hat is x normalised, ``without_eps`` the same so."""
    centred = x - x.mean(axis=PIXELS, keepdims=True)
    return _sums(
        dout,
        hat,
        [
            ("this is the sum of dout * x, where x is not normalised", x),
            (
                "this is the sum of dout * (x - mean), not divided by the deviation",
                centred,
            ),
            ("this is the sum of dout * out, expected the normalised x", out),
            ("eps is not used in the backward pass", without_eps),
            ("this is dbeta", np.ones_like(x)),
        ],
    )


def dbeta(dout, hat):
    """Wrong values of dbeta."""
    return _sums(dout, np.ones_like(dout), [("this is dgamma", hat)])


def _sums(dout, weights, wrong):
    M, N = dout[:, 0].size, len(dout)
    return misreadings(
        lambda weights, size: (dout * weights).sum(axis=PIXELS) / size,
        (weights, wrong),
        (
            1,
            [
                ("this is a mean, expected a sum", M),
                ("it is divided by the number of images, expected the plain sum", N),
            ],
        ),
    )


def sum_shapes(shape):
    """Wrong shapes of dgamma and dbeta."""
    N, C, H, W = shape
    axes = "it has to be summed over the axes of N, H and W"
    return [
        (f"{axes}, not of N alone", (C, H, W)),
        (f"{axes}, not of H and W alone", (N, C)),
        (f"{axes}, not over all", ()),
        (f"{axes} and to lose them", (1, C, 1, 1)),
        (f"{axes} and to lose them", (C, 1, 1)),
        (f"{axes}, not of C, H and W", (N,)),
    ]
