"""Check of Receptive-Fields.ipynb: the size of a receptive field as a function.

Sizes are whole numbers, so nothing is rounded and answers must be equal.  A formula
that is a polynomial in the kernel sizes and strides cannot agree with the right one
on many random nets by chance; one that agrees with a known misconception on all of
them is that misconception, and gets its hint.
"""

import numbers
from functools import cache, partial

import numpy as np

from utils.checks.compare import Wrong
from utils.checks.contrast import contrast
from utils.checks.misconceptions import MISCONCEPTIONS, span, two_at_once
from utils.checks.record import recorded
from utils.checks.report import run
from utils.checks.subject import Subject, plain

VGG_16 = ([3, 3, 2] * 2 + [3, 3, 3, 2] * 3, [1, 1, 2] * 2 + [1, 1, 1, 2] * 3)
ALEXNET = ([11, 3, 5, 3, 3, 3, 3, 3], [4, 2, 1, 2, 1, 1, 1, 2])


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


@recorded("receptive-field")
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
    cause = cache(_cause)
    properties = [
        (name, partial(_agrees, nets=nets, cause=cause)) for name, nets in groups
    ]
    properties += [
        ("answer is an int", _is_whole),
        ("leaves its lists unchanged", _keeps_lists),
        ("tuples and numpy integers", _takes_tuples),
        ("ValueError where there is no such net", _refuses),
    ]
    return run(subject.name, properties, subject)


def _agrees(subject, nets, cause):
    for m, s, k in nets:
        expected = len(span(_layers(m, s)[:k]))
        try:
            got = _ask(subject, m, s, k)
        except Wrong as wrong:
            if subject.dead:
                raise
            hint, outcomes = cause(subject)
            hint = f"{hint}." if hint else _contrast(m, s, k, outcomes)
            raise Wrong(" ".join(filter(None, [str(wrong), hint]))) from None
        if got != expected:
            text = f"{_question(subject, m, s, k)} is {got}, expected {expected}"
            hint, outcomes = cause(subject)
            if hint:
                raise Wrong(f"{text}: {hint}.")
            raise Wrong(f"{text}. {_contrast(m, s, k, outcomes)}".rstrip())


def _cause(subject):
    """Return what explains all answers, or else the outcomes of many questions."""
    hint = _misconception(subject)
    return hint, [] if hint else _outcomes(subject, random_nets(60, 10))


def _contrast(m, s, k, outcomes):
    """Say what the wrong answers have in common, the one to this question, too."""
    return contrast([(_traits(_layers(m, s)[:k], len(m)), False), *outcomes])


def _outcomes(subject, nets):
    """List the traits of each question, and whether its answer is right."""
    found = []
    for m, s, k in nets:
        layers = _layers(m, s)[:k]
        try:
            right = _ask(subject, m, s, k) == len(span(layers))
        except Wrong:
            right = False
        found.append((_traits(layers, len(m)), right))
    return found


def _traits(layers, n):
    """Return what a mistake may depend on, for layer k of a net with n layers."""
    *below, last = layers
    return {
        "a stride larger than its window": any(s > m for m, s in layers),
        "an even window": any(m % 2 == 0 for m, _ in layers),
        "a window of one pixel": any(m == 1 for m, _ in layers),
        "a stride above 1 in a layer below k": any(s > 1 for _, s in below),
        "a stride above 1 in layer k itself": last[1] > 1,
        "k above 1": bool(below),
        "layers after layer k": n > len(layers),
    }


def _layers(m, s):
    return list(zip(m, s, strict=True))


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
    """Return the hint for what agrees with the answers everywhere."""
    nets = random_nets(20, seed=9, smallest=2)
    try:
        answers = [_ask(subject, m, s, k) for m, s, k in nets]
    except Wrong:
        return ""
    if answers == [len(span(_layers(m, s)[:k])) for m, s, k in nets]:
        return ""
    if len(set(answers)) == 1:
        return f"every net gets the same answer, {answers[0]}"
    by_k = {
        k: {a for a, net in zip(answers, nets, strict=True) if net[2] == k}
        for _, _, k in nets
    }
    if all(len(values) == 1 for values in by_k.values()):
        return (
            "nets with nothing in common but k get the same answer, so that of an "
            "earlier call seems to be remembered"
        )
    for hint, wrong in (*MISCONCEPTIONS, *two_at_once()):
        values = (wrong(_layers(m, s), k) for m, s, k in nets)
        if all(a == value for a, value in zip(answers, values, strict=True)):
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


NO_NETS = (
    ("the lists differ in length", [3, 3], [1], 1),
    ("a window of 0 pixels", [3, 0], [1, 1], 2),
    ("a stride of 0", [3, 3], [0, 1], 2),
    ("half a pixel", [2.5, 3], [1, 1], 2),
    ("no layer 0", [3, 3], [1, 1], 0),
    ("no layer 3", [3, 3], [1, 1], 3),
)


def _refuses(subject):
    """Ask what has no answer, and expect the ValueError that the docstring promises."""
    subject([3], [1], 1)  # given code refuses such nets even if nothing is written yet
    for why, m, s, k in NO_NETS:
        question = f"{_question(subject, m, s, k)} ({why})"
        wanted = f"{question} has to raise ValueError, see the docstring"
        try:
            value = subject(list(m), list(s), k)
        except Wrong as wrong:
            if subject.dead:
                raise
            if f"{subject.name} stopped with ValueError" not in str(wrong):
                raise Wrong(f"{wanted}: {wrong}") from None
        else:
            raise Wrong(f"{wanted}; it returned {plain(value, 40)}.")


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
