"""Wrong values that can be told without knowing what the function computes.

Each pattern is a pair ``(explanation, function without arguments)`` as in `mistakes`;
where the values need not be made to know, the function says True or False instead.
They are looked at after the known mistakes, the more particular ones first: what is
wrong at one edge only is said before "all of it is 0.98 times what it should be".
"""

from functools import partial
from itertools import permutations

import numpy as np

IMAGES = ("image", "channel", "row", "column")
FILTERS = ("filter", "channel", "row", "column")
MATRIX = ("row", "column")
ENDS_EARLY = "does the loop end one too early?"
STARTS_LATE = "does the loop start one too late?"
FEWEST = 4  # entries: of fewer, any wrong array looks like a pattern
NEARLY_ALL = 3 / 4


def axes_of(name, array):
    """Name the axes of an array that has a name, for messages."""
    if array.ndim == 4:
        return FILTERS if name.lower() in ("dw", "w1", "gradient of w1") else IMAGES
    return MATRIX if array.ndim == 2 else ("entry",) * array.ndim


def patterns(name, got, expected):
    """List patterns for an array that is wrong.

    Parameters
    ----------
    name : str
        What the array is called: the axes of ``dw`` are not those of ``out``.
    got, expected : ndarrays of one shape
        What was computed, and what it should be.

    Returns
    -------
    iterable of (str, callable)
    """
    yield "all of it is zero", lambda: np.zeros_like(expected)
    yield "all of it is nan", lambda: np.full(expected.shape, np.nan)
    if got.shape != expected.shape or got.size < 2:
        return
    if not (np.isfinite(expected).all() and np.isfinite(got).all()):
        return
    names = axes_of(name, expected)
    yield from _edges(expected)
    yield from _copies(expected, names)
    if np.allclose(np.sort(got, axis=None), np.sort(expected, axis=None), 1e-8):
        yield from _other_order(expected, names)
    yield from _shifts(expected)
    yield from _changed_values(got, expected)
    yield from _right_in_part(got, expected, names)
    yield from _factors(got, expected, names)


def _edges(expected):
    """Right inside, but one row or column at the edge of each image is left zero."""
    if expected.ndim < 2:
        return
    for text, index in (
        (f"the last row is left out: {ENDS_EARLY}", (..., -1, slice(None))),
        (f"the last column is left out: {ENDS_EARLY}", (..., -1)),
        (f"the first row is left out: {STARTS_LATE}", (..., 0, slice(None))),
        (f"the first column is left out: {STARTS_LATE}", (..., 0)),
    ):
        wrong = expected.copy()
        wrong[index] = 0
        yield text, partial(np.copy, wrong)
    wrong = expected.copy()
    wrong[..., -1, :] = wrong[..., -1] = 0
    yield f"the last row and column are left out: {ENDS_EARLY}", lambda: wrong


def _copies(expected, names):
    """Every image or channel got what belongs to one of them, or to all together."""
    for axis, name in enumerate(names[: expected.ndim - 2]):
        if expected.shape[axis] < 2:
            continue
        for k in (0, -1):
            one = np.take(expected, [k], axis=axis)
            which = f"{name} 0" if k == 0 else f"the last {name}"
            yield (
                f"every {name} got the values of {which}",
                partial(np.broadcast_to, one, expected.shape),
            )
        for text, reduce in (("sum", np.sum), ("mean", np.mean)):
            total = reduce(expected, axis=axis, keepdims=True)
            yield (
                f"every {name} got the {text} over all {name}s",
                partial(np.broadcast_to, total, expected.shape),
            )


def _other_order(expected, names):
    """All values are right, but stand in other places."""
    if expected.ndim >= 2 and expected.shape[-1] == expected.shape[-2]:
        yield (
            "rows and columns are exchanged",
            partial(np.swapaxes, expected, -1, -2),
        )
    for axis, name in enumerate(names):
        if expected.shape[axis] > 1:
            yield (
                f"the order is reversed along the {_plural(name)}",
                partial(np.flip, expected, axis),
            )
    if expected.ndim != 4:
        return
    text = (
        "the values are right but stand in the wrong places: reshape does not move an "
        "axis, so move it with transpose first, into the order that reshape expects"
    )
    for order in permutations(range(4)):
        moved = expected.transpose(order)
        if order != (0, 1, 2, 3):
            yield text, partial(np.reshape, moved, expected.shape)
            # The same mistake the other way round: reshape, then transpose.
            shape = tuple(expected.shape[axis] for axis in order)
            back = expected.reshape(shape).transpose(np.argsort(order))
            yield text, partial(np.copy, back)


def _shifts(expected):
    """Everything stands one row or column away from its place."""
    for axis, step, text in (
        (-2, 1, "one row too far down"),
        (-2, -1, "one row too far up"),
        (-1, 1, "one column too far to the right"),
        (-1, -1, "one column too far to the left"),
    ):
        if expected.ndim < 2 or expected.shape[axis] < 2:
            continue
        rolled = np.roll(expected, step, axis)
        edge = [slice(None)] * expected.ndim
        edge[axis] = 0 if step > 0 else -1
        moved = rolled.copy()
        moved[tuple(edge)] = 0
        yield f"everything stands {text}", partial(np.copy, moved)
        yield f"everything stands {text}, around the edge", partial(np.copy, rolled)


def _changed_values(got, expected):
    """Every value went through a function it should not have gone through."""
    if (expected < 0).any():
        yield "negative values have become zero", lambda: np.maximum(expected, 0)
        yield "the signs are lost", lambda: np.abs(expected)
    yield "the values are squared", lambda: expected**2
    if 2 * np.sum(expected != np.trunc(expected)) >= np.sum(expected != 0):
        yield (
            "an array of whole numbers cannot hold the fractions: is its dtype int?",
            lambda: bool((got == np.trunc(got)).all() and got.any()),
        )
    if got.dtype == np.float64:
        yield (
            "digits are missing, as if it had been float32 in between",
            partial(_has_few_digits, got, expected),
        )


def _has_few_digits(got, expected):
    """Tell whether values err as in float32: all fit into it, or most err a little."""
    distance, top = np.abs(got - expected), np.abs(expected).max()
    near = 16 * np.finfo(np.float32).eps * top
    if not 1e-10 * top < distance.max() <= near:  # what is far off may not fit at all
        return False
    fit = (got == got.astype(np.float32)).all()
    most = 2 * np.sum(distance > 0) >= np.sum(expected != 0)
    return bool(fit or most)


def _factors(got, expected, names):
    """Find a factor or an offset, for all of it or for each channel."""
    top = np.abs(expected).max(initial=0)
    if top == 0:
        return
    factor = float((got * expected).sum() / (expected * expected).sum())
    yield (
        "only the sign is wrong"
        if np.isclose(factor, -1)
        else f"all of it is {factor:.6g} times what it should be",
        lambda: factor * expected,
    )
    offset = float((got - expected).mean())
    side = "large" if offset > 0 else "small"
    yield f"all of it is {abs(offset):.6g} too {side}", lambda: expected + offset
    if expected.ndim != 4 or expected[0, 0].size < 3:
        return
    for axis, name in enumerate(names[:2]):
        if expected.shape[axis] < 2:
            continue
        others = tuple(k for k in range(4) if k != axis)
        square = (expected**2).sum(axis=others, keepdims=True)
        if (square == 0).any():
            continue
        scale = (got * expected).sum(axis=others, keepdims=True) / square
        yield (
            f"each {name} is off by a factor of its own",
            partial(np.multiply, scale, expected),
        )
        step = (got - expected).mean(axis=others, keepdims=True)
        yield (
            f"each {name} is off by a constant of its own",
            partial(np.add, expected, step),
        )


def _right_in_part(got, expected, names):
    """Where it is right, if the wrong values are all in one part of the array."""
    wrong = ~np.isclose(got, expected, rtol=1e-8, atol=1e-8 * np.abs(expected).max())
    if wrong.all() or not wrong.any():
        return
    for axis, name in enumerate(names):
        size = expected.shape[axis]
        others = tuple(k for k in range(expected.ndim) if k != axis)
        places = wrong.any(axis=others)
        part = np.broadcast_to(np.expand_dims(places, others), wrong.shape)
        if size < 2 or not _is_part(wrong, part):
            continue
        if places.sum() == 1:
            text = f"all is right but {_which(name, int(places.argmax()), size)}"
            if not got[wrong].any():
                text += ", which is left zero"
        elif places.sum() == size - 1:
            text = f"only {_which(name, int(places.argmin()), size)} is right"
        else:
            continue
        yield text, lambda: True
    if _is_border(wrong):
        yield "all is right but the border of each image", lambda: True
    if not got[wrong].any() and expected[wrong].all() and wrong.sum() >= FEWEST:
        yield "where it is wrong it is zero: is every place filled?", lambda: True


def _is_part(wrong, part):
    """Tell whether nearly all of a part is wrong; the rest is right in any case."""
    enough = min(part.sum(), (~part).sum()) >= FEWEST
    return bool(enough and wrong[part].mean() >= NEARLY_ALL)


def _plural(name):
    return "entries" if name == "entry" else f"{name}s"


def _which(name, k, size):
    if k == 0:
        return f"the first {name}"
    return f"the last {name}" if k == size - 1 else f"{name} {k}"


def _is_border(wrong):
    """Tell whether a border of one or two is wrong, and all inside is right."""
    if wrong.ndim < 2:
        return False
    H, W = wrong.shape[-2:]
    for k in (1, 2):
        part = np.ones(wrong.shape, bool)
        part[..., k : H - k, k : W - k] = False
        # Half of each side or more is inside: else it is right by chance.
        if 4 * k <= min(H, W) and not wrong[~part].any():
            return _is_part(wrong, part)
    return False
