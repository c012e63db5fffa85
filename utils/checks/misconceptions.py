"""How the size of a receptive field is commonly got wrong, each with a hint.

A misconception is told by the net that it has in mind: the right size is found there
by walking from a neuron down to its pixels.  How to calculate it is the exercise of
Receptive-Fields.ipynb, and stands nowhere in this file.
"""

import math
from functools import partial
from itertools import accumulate, permutations


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
        "a layer's own stride moves its neurons apart, but does not let them see more",
        lambda net: [part for m, s in net for part in ((1, s), (m, 1))],
    ),
    (
        "the last of m pixels is not m steps away from the first",
        lambda net: [(m + 1, s) for m, s in net],
    ),
    (
        "the stride of the previous layer counts, but it is not all that counts",
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

LAST_LAYER = "this is the answer for the last layer; only layers 1 to k count"

# Each misconception takes a net, (m, s) by layer, and the layer k.
MISCONCEPTIONS = (
    *((hint, partial(_in_another_net, edit)) for hint, edit in WRONG_NETS),
    (
        "the last of m pixels is not m steps away from the first",
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
        LAST_LAYER,
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


def two_at_once():
    """Combine wrong nets: one misconception after another, or in all layers."""
    for (one, edit), (other, then) in permutations(WRONG_NETS, 2):
        if one != other:
            both = partial(_in_another_net, lambda net, a=edit, b=then: b(a(net)))
            yield f"{one}; and {other}", both
    for one, edit in WRONG_NETS:
        whole = partial(lambda edit, net, k: _in_another_net(edit, net, len(net)), edit)
        yield f"{LAST_LAYER}; and {one}", whole
