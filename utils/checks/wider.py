"""Check of Receptive-Fields.ipynb, part (e): two nets with a larger view.

Everything is counted, with the functions of `utils.receptive_field`.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from utils.checks.compare import Wrong
from utils.checks.record import recorded
from utils.checks.report import run
from utils.checks.subject import NotWritten
from utils.receptive_field import (
    Layer,
    ancestry,
    coverage,
    measured_size,
    unit_counts,
)

BASE = (Layer(3), Layer(3), Layer(3))
SIZE, GOAL = 32, 15  # pixels: the image, and what a unit must see at least


@recorded("receptive-field-e", needs_file=False)
def check_wider(first, second):
    """Check two nets that see more than the base net, by different means.

    Parameters
    ----------
    first, second : list of Layer or None
        The nets; None if they are not written yet.

    Returns
    -------
    Results
        One `Result` per property; never raises because of what the nets are.
    """
    rows = [
        (f"{name}: {text}", partial(test, name, net))
        for name, net in (("first", first), ("second", second))
        for text, test in (
            (f"sees {GOAL} pixels or more", _is_wide),
            ("no holes inside of a field", _has_no_holes),
            (f"no blind spots on {SIZE} pixels", _has_no_blind_spots),
        )
    ]
    rows.append(("two different means", partial(_differ, first, second)))
    return run("two nets with a larger view", rows)


def means(net):
    """Name what enlarges the field of a net, next to windows of 3 x 3 in three layers.

    A means counts if the net sees less without it: the stride of the last layer, or the
    dilation of a window of one pixel, are none.

    Parameters
    ----------
    net : sequence of Layer

    Returns
    -------
    set of str
        Of "more layers", "larger windows", "strides", "pooling" and "dilation".
    """
    convs = [layer for layer in net if layer.kind == "conv"]
    wide = [layer for layer in convs if layer.kernel > 1]
    without = {
        "larger windows": [_with(one, kernel=min(one.kernel, 3)) for one in net],
        "strides": [_with(one, stride=1) for one in net],
        "pooling": convs,
        "dilation": [replace(one, dilation=1) for one in net],
    }
    size = measured_size(net)
    found = {name for name, less in without.items() if measured_size(less) < size}
    return found | ({"more layers"} if len(wide) > len(BASE) else set())


def _with(layer, **numbers):
    """Change numbers of a convolution; a pooling stays as it is."""
    return replace(layer, **numbers) if layer.kind == "conv" else layer


def _checked(name, net):
    """Return the net, if it is one that can be judged."""
    if net is None or net is Ellipsis:
        raise NotWritten(f"{name} is not written yet: a list such as [Layer(3), ...]")
    if not isinstance(net, list | tuple) or not net:
        raise Wrong(f"{name} is {net!r}, expected a list of layers.")
    for layer in net:
        # Not isinstance: after an edit all modules are loaded anew, and nets that were
        # made before hold layers of the former class.
        if type(layer).__name__ != "Layer":
            raise Wrong(f"{name} holds {layer!r}, expected Layer(...) only.")
        if not layer.is_square:
            raise Wrong(f"{name} has {layer.label}: square windows only, please.")
    try:
        unit_counts(net, SIZE)
    except ValueError as error:
        raise Wrong(f"On an image of {SIZE} pixels: {error}") from None
    return list(net)


def _is_wide(name, net):
    net = _checked(name, net)
    size = measured_size(net)
    if size < GOAL:
        raise Wrong(
            f"{name} sees {size} pixels, {GOAL - size} too few; the base net sees "
            f"{measured_size(BASE)}."
        )
    weights = sum(layer.kernel**2 for layer in net if layer.kind == "conv")
    return f"{size} pixels, {weights} weights"


def _has_no_holes(name, net):
    net = _checked(name, net)
    seen = ancestry(net, unit=0)[0]  # as if the image had no border
    first, last = seen[0], seen[-1]
    holes = sorted({*range(first, last + 1)} - {*seen})
    if holes:
        raise Wrong(
            f"a neuron of {name} sees {len(seen)} of the {last - first + 1} pixels "
            f"from its first to its last; number {holes[0] - first + 1} is skipped: "
            "do the windows below fill what strides and dilations leave open?"
        )


def _has_no_blind_spots(name, net):
    net = _checked(name, net)
    blind = np.flatnonzero(coverage(net, SIZE) == 0).tolist()
    if blind:
        shown = ", ".join(map(str, blind[:4])) + (", ..." if len(blind) > 4 else "")
        where = "at the end" if blind[-1] == SIZE - 1 else "in between"
        raise Wrong(
            f"No neuron sees {len(blind)} of the {SIZE} pixels along an axis, {where}: "
            f"{shown}. Does padding help, or another order?"
        )


def _differ(first, second):
    one, other = (
        means(_checked(*pair)) for pair in (("first", first), ("second", second))
    )
    if not one or not other:
        which = "first" if not one else "second"
        raise Wrong(f"{which} changes nothing that enlarges a field.")
    if one <= other or other <= one:
        raise Wrong(
            f"first uses {_listed(one)}, second {_listed(other)}: each of them should "
            "use something that the other one does not."
        )
    return f"{_listed(one)}; {_listed(other)}"


def _listed(names):
    return " and ".join(sorted(names))
