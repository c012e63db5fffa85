"""Check of Receptive-Fields.ipynb: the size of a receptive field as a function.

The right answer is found by walking from a neuron down to its pixels: how to calculate
it is the exercise, and stands nowhere in this file.

Sizes are whole numbers, so nothing is rounded and answers must be equal.  A formula
that is a polynomial in the kernel sizes and strides cannot agree with the right one
on many random nets by chance; one that agrees with a known misconception on all of
them is that misconception, and gets its hint.
"""

import math
import numbers
from functools import cache, partial
from itertools import accumulate, permutations

import numpy as np

from utils.checks.compare import Wrong
from utils.checks.contrast import contrast
from utils.checks.record import recorded
from utils.checks.report import run
from utils.checks.subject import Subject

VGG_16 = ([3, 3, 2] * 2 + [3, 3, 3, 2] * 3, [1, 1, 2] * 2 + [1, 1, 1, 2] * 3)
ALEXNET = ([11, 3, 5, 3, 3, 3, 3, 3], [4, 2, 1, 2, 1, 1, 1, 2])


def span(layers):
    """Return the range of pixels between the ends of one neuron's receptive field.

    Only the first and the last position in each layer are followed, from the neuron
    down to the image: position u of a layer reads the window that begins at u * s.

    Parameters
    ----------
    layers : list of (int, int)
        Window size m and stride s of every layer below the neuron, its own included,
        the first layer first.

    Returns
    -------
    range
        Along one axis, borders left aside.
    """
    seen = range(1)
    for m, s in reversed(layers):
        windows = [range(u * s, u * s + m) for u in (seen[0], seen[-1])]
        seen = range(windows[0][0], windows[-1][-1] + 1)
    return seen


def _in_another_net(edit, layers, k):
    """Return the right size, but in a net that is not the one asked about."""
    return len(span(edit(layers[:k])))


def _stretched(layers, distances):
    """Give layer j a window of pixels ``distances[j]`` apart, and no stride."""
    pairs = zip(layers, distances, strict=True)
    return [(len(span([(1, d), (m, 1)])), 1) for (m, _), d in pairs]


def _strides(layers):
    return [s for _, s in layers]


# A misconception is a hint, and the net that a student has in mind instead of layers
# 1 to k: walking down that one gives the student's numbers.
WRONG_NETS = (
    (
        "a layer's own stride moves its neurons apart, but does not let them see more: "
        "multiply the strides of the layers before it only",
        lambda net: [part for m, s in net for part in ((1, s), (m, 1))],
    ),
    (
        "a window of m pixels adds m - 1 steps, not m",
        lambda net: [(m + 1, s) for m, s in net],
    ),
    (
        "the strides of all layers before count, not only that of the previous one",
        lambda net: _stretched(net, [1, *_strides(net)][:-1]),
    ),
    (
        "strides multiply, they do not add up",
        lambda net: _stretched(net, [1, *accumulate(_strides(net))][:-1]),
    ),
    (
        "strides multiply, they do not add up",
        lambda net: _stretched(net, [*accumulate([1, *_strides(net)])][:-1]),
    ),
    ("the strides are not used", lambda net: [(m, 1) for m, _ in net]),
    (
        "each layer is stretched by the strides before it, not by all of them",
        lambda net: [(1, s) for _, s in net] + [(m, 1) for m, _ in net],
    ),
    (
        "each layer is stretched by the strides before it, not by all of them",
        lambda net: [(1, s) for _, s in net[:-1]] + [(m, 1) for m, _ in net],
    ),
    (
        "the windows of the layers below count too, not only that of layer k",
        lambda net: [(1, s) for _, s in net[:-1]] + net[-1:],
    ),
    (
        "this is the layer's own window, in neurons of the layer below; asked are "
        "pixels of the image",
        lambda net: net[-1:],
    ),
    (
        "this is the answer for the first layer; layers 1 to k count",
        lambda net: net[:1],
    ),
    (
        "this is right for odd windows; an even window has no pixel in its middle",
        lambda net: [(m // 2 * 2 + 1, s) for m, s in net],
    ),
    (
        "r neighbouring neurons are r - 1 steps apart, not r",
        lambda net: [part for layer in net for part in (layer, (2, 1))],
    ),
    (
        "a layer is stretched by the strides before it, not by its own",
        lambda net: _stretched(net, _strides(net)),
    ),
    (
        "a layer is stretched by the strides before it, not by those after it",
        lambda net: net[::-1],
    ),
    (
        "a stride multiplies the steps of the layers after it, it is not added",
        lambda net: [
            (m + step, 1)
            for (m, _), step in zip(net, [0, *_strides(net)][:-1], strict=True)
        ],
    ),
    (
        "kernel sizes and strides are exchanged",
        lambda net: [(s, m) for m, s in net],
    ),
)

# Each misconception takes a net, (m, s) by layer, and the layer k.
MISCONCEPTIONS = (
    *((hint, partial(_in_another_net, edit)) for hint, edit in WRONG_NETS),
    (
        "a window of m pixels adds m - 1 steps, not m",
        lambda net, k: len(span([(m + 1, s) for m, s in net[:k]])) - 1,
    ),
    (
        "this counts the steps between pixels; there is one pixel more than steps",
        lambda net, k: len(span(net[:k])) - 1,
    ),
    ("this is the area; the side was asked", lambda net, k: len(span(net[:k])) ** 2),
    ("kernel sizes do not multiply", lambda net, k: math.prod(m for m, _ in net[:k])),
    (
        "neighbouring windows overlap, so their sizes do not add up",
        lambda net, k: sum(m for m, _ in net[:k]),
    ),
    (
        "each layer is stretched by the strides before it, not by all of them",
        lambda net, k: len(
            span([(1, s) for _, s in net] + [(m, 1) for m, _ in net[:k]])
        ),
    ),
    (
        "this is the answer for the last layer; only layers 1 to k count",
        lambda net, k: len(span(net)),
    ),
    (
        "this is the answer for layer k - 1: layers are counted from 1",
        lambda net, k: len(span(net[: k - 1])),
    ),
    (
        "this is the answer for layer k + 1: layers are counted from 1",
        lambda net, k: len(span(net[: k + 1])),
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
    cause = cache(_cause)  # it is the same for all groups
    properties = [
        (name, partial(_agrees, nets=nets, cause=cause)) for name, nets in groups
    ]
    properties += [
        ("answer is an int", _is_whole),
        ("leaves its lists unchanged", _keeps_lists),
        ("tuples and numpy integers", _takes_tuples),
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
            raise Wrong(" ".join(filter(None, [str(wrong), cause(subject)]))) from None
        if got != expected:
            text = f"{_question(subject, m, s, k)} is {got}, expected {expected}"
            hint = cause(subject)
            raise Wrong(f"{text}: {hint}" if hint else f"{text}.")


def _cause(subject):
    """Say what the answers to many questions have in common, or return ""."""
    hint = _misconception(subject)
    return f"{hint}." if hint else contrast(_outcomes(subject, random_nets(60, 10)))


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


def two_at_once():
    """Combine wrong nets: one misconception after another."""
    for (one, edit), (other, then) in permutations(WRONG_NETS, 2):
        if one != other:
            both = partial(_in_another_net, lambda net, a=edit, b=then: b(a(net)))
            yield f"{one}; and {other}", both


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
