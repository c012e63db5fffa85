"""Check of Receptive-Fields.ipynb: the size of a receptive field as a function.

Sizes are whole numbers, so nothing is rounded and answers must be equal.  A formula
that is a polynomial in the kernel sizes and strides cannot agree with the right one
on many random nets by chance; one that agrees with a known misconception on all of
them is that misconception, and gets its hint.
"""

import math
import numbers
from functools import partial

import numpy as np

from utils.checks.compare import Wrong
from utils.checks.report import run
from utils.checks.subject import Subject

VGG_16 = ([3, 3, 2] * 2 + [3, 3, 3, 2] * 3, [1, 1, 2] * 2 + [1, 1, 1, 2] * 3)
ALEXNET = ([11, 3, 5, 3, 3, 3, 3, 3], [4, 2, 1, 2, 1, 1, 1, 2])


def side_length(kernel_sizes, strides, k):
    """Return the right answer: follow the first and the last pixel down the layers.

    Position ``i`` of a layer sees the positions ``i * s`` to ``i * s + m - 1`` of the
    layer below it.
    """
    first = last = 0
    for m, s in zip(reversed(kernel_sizes[:k]), reversed(strides[:k]), strict=True):
        first, last = first * s, last * s + m - 1
    return last - first + 1


def _weighted(weight, m, s, k):
    """Return 1 + sum of (m_j - 1) * weight(s, j), with layers j counted from 0."""
    return 1 + sum((m[j] - 1) * weight(s, j) for j in range(k))


# Each misconception takes lists m and s and the layer k, like the exercise.
MISCONCEPTIONS = (
    (
        "a layer's own stride moves its neurons apart, but does not let them see more: "
        "multiply the strides of the layers before it only",
        partial(_weighted, lambda s, j: math.prod(s[: j + 1])),
    ),
    (
        "a window of m pixels adds m - 1 steps, not m",
        lambda m, s, k: sum(m[j] * math.prod(s[:j]) for j in range(k)),
    ),
    (
        "a window of m pixels adds m - 1 steps, not m",
        lambda m, s, k: 1 + sum(m[j] * math.prod(s[:j]) for j in range(k)),
    ),
    (
        "this counts the steps between pixels; there is one pixel more than steps",
        lambda m, s, k: side_length(m, s, k) - 1,
    ),
    ("kernel sizes do not multiply", lambda m, s, k: math.prod(m[:k])),
    (
        "neighbouring windows overlap, so their sizes do not add up",
        lambda m, s, k: sum(m[:k]),
    ),
    (
        "the strides of all layers before count, not only that of the previous one",
        partial(_weighted, lambda s, j: s[j - 1] if j else 1),
    ),
    (
        "strides multiply, they do not add up",
        partial(_weighted, lambda s, j: sum(s[:j]) if j else 1),
    ),
    ("the strides are not used", partial(_weighted, lambda s, j: 1)),
    (
        "each layer is stretched by the strides before it, not by all of them",
        lambda m, s, k: _weighted(lambda s, j: math.prod(s[:k]), m, s, k),
    ),
    (
        "each layer is stretched by the strides before it, not by all of them",
        partial(_weighted, lambda s, j: math.prod(s)),
    ),
    ("this is the area; the side was asked", lambda m, s, k: side_length(m, s, k) ** 2),
    (
        "a layer is stretched by the strides before it, not by its own",
        partial(_weighted, lambda s, j: s[j]),
    ),
    (
        "a layer is stretched by the strides before it, not by those after it",
        lambda m, s, k: _weighted(lambda s, j: math.prod(s[j + 1 : k]), m, s, k),
    ),
    (
        "a stride multiplies the steps of the layers after it, it is not added",
        lambda m, s, k: (
            side_length(m[:1], s[:1], 1) + sum(m[j] - 1 + s[j - 1] for j in range(1, k))
        ),
    ),
    (
        "this is the answer for the last layer; only layers 1 to k count",
        lambda m, s, k: side_length(m, s, len(m)),
    ),
    (
        "this is the answer for layer k - 1: layers are counted from 1",
        lambda m, s, k: side_length(m, s, k - 1),
    ),
    (
        "this is the answer for layer k + 1: layers are counted from 1",
        lambda m, s, k: side_length(m, s, min(k + 1, len(m))),
    ),
    (
        "kernel sizes and strides are exchanged",
        lambda m, s, k: side_length(s, m, k),
    ),
)


def random_nets(count, seed, smallest=1):
    """Return ``count`` random questions (kernel_sizes, strides, k)."""
    rng = np.random.default_rng(seed)
    nets = []
    for _ in range(count):
        n = int(rng.integers(1, 6))
        m = rng.integers(smallest, 12, size=n).tolist()
        s = rng.integers(smallest, 6, size=n).tolist()
        nets.append((m, s, int(rng.integers(1, n + 1))))
    return nets


def check_receptive_field(fn):
    """Check ``fn(kernel_sizes, strides, k)``, the side length in pixels.

    Parameters
    ----------
    fn : callable
        Gets two lists with one entry per layer and a layer k, counted from 1.

    Returns
    -------
    Results
        One `Result` per property; never raises because of what ``fn`` does.
    """
    subject = Subject(fn)
    nets = random_nets(60, seed=7, smallest=2)
    groups = (
        ("one layer", [([m], [s], 1) for m in (1, 3, 7) for s in (1, 2)]),
        ("two layers, stride 1", [([3, 3], [1, 1], 2), ([5, 2], [1, 1], 2)]),
        ("two layers with strides", [([3, 3], [2, 1], 2), ([3, 4], [2, 5], 2)]),
        ("layer 1 of a deep net", [(m, s, 1) for m, s, _ in nets]),
        ("last layer of a deep net", [(m, s, len(m)) for m, s, _ in nets]),
        ("a layer in the middle", nets),
        ("1 x 1 windows add nothing", [([1, 1, 3, 1], [1, 1, 1, 2], 4)]),
        ("strides of 1 x 1 windows count", [([1, 3, 1, 2], [3, 2, 2, 1], 4)]),
        ("200 random nets", random_nets(200, seed=8)),
        ("AlexNet (195) and VGG-16 (212)", [(*ALEXNET, 8), (*VGG_16, 18)]),
    )
    properties = [(name, partial(_agrees, nets=nets)) for name, nets in groups]
    properties += [
        ("answer is an int", _is_whole),
        ("tuples and numpy integers", _takes_tuples),
        ("leaves its lists unchanged", _keeps_lists),
    ]
    return run(subject.name, properties, subject)


def _agrees(subject, nets):
    for m, s, k in nets:
        got, expected = _ask(subject, m, s, k), side_length(m, s, k)
        if got != expected:
            hint = _misconception(subject)
            raise Wrong(
                f"{_question(subject, m, s, k)} is {got}, expected {expected}"
                + (f": {hint}." if hint else ".")
            )


def _ask(subject, m, s, k):
    value = subject(list(m), list(s), k)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        what = "None" if value is None else f"a {type(value).__name__}"
        raise Wrong(
            f"{_question(subject, m, s, k)} returned {what}, expected a number of "
            "pixels."
        )
    return value


def _question(subject, m, s, k):
    return f"{subject.name}({m}, {s}, {k})"


def _misconception(subject):
    """Return the hint for the formula that agrees with the answers everywhere."""
    nets = random_nets(20, seed=9, smallest=2)
    try:
        answers = [_ask(subject, m, s, k) for m, s, k in nets]
    except Wrong:
        return ""
    for hint, wrong in MISCONCEPTIONS:
        if all(wrong(*net) == got for net, got in zip(nets, answers, strict=True)):
            return hint
    return ""


def _is_whole(subject):
    m, s, k = [3, 5, 2], [2, 1, 2], 3
    value = _ask(subject, m, s, k)
    if not isinstance(value, numbers.Integral):
        raise Wrong(
            f"{_question(subject, m, s, k)} is the {type(value).__name__} {value}, "
            "expected an int: sizes in pixels are whole numbers (np.prod of an empty "
            "list is the float 1.0; math.prod gives the int 1)."
        )


def _takes_tuples(subject):
    m, s, k = (3, 5, 2), (2, 3, 1), 3
    expected = _ask(subject, m, s, k)
    for kind, given in (
        ("tuples", (m, s, k)),
        ("numpy integers", ([*map(np.int64, m)], [*map(np.int64, s)], np.int64(k))),
    ):
        if subject(*given) != expected:
            raise Wrong(
                f"with {kind} instead of lists of ints it is no longer {expected}."
            )


def _keeps_lists(subject):
    m, s = [3, 5, 2], [2, 3, 1]
    subject(m, s, 2)
    for name, now, before in (
        ("kernel_sizes", m, [3, 5, 2]),
        ("strides", s, [2, 3, 1]),
    ):
        if now != before:
            raise Wrong(
                f"{subject.name} changed {name} from {before} to {now}: it belongs to "
                "the caller, so copy it."
            )
