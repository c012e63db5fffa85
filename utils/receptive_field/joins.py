"""Nets with branches, and two axes at once: residual and inception blocks.

The field of a unit behind a join is the union of its branches' fields, which need not
be a rectangle; so everything here works on maps of both axes.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


@dataclass(frozen=True, init=False)
class Join:
    """Branches that read the same layer; what they give is added or concatenated.

    Parameters
    ----------
    *branches : sequences of Layer or Join
        Each one a net; an empty one passes its input on, as a residual block does.

    Examples
    --------
    >>> block = Join([Layer(3, pad=1), Layer(3, pad=1)], [])
    >>> int(seen_by([block], unit=(4, 4), size=9).sum())
    25
    """

    branches: tuple

    def __init__(self, *branches):
        object.__setattr__(self, "branches", tuple(map(tuple, branches)))
        if len(branches) < 2:
            raise ValueError(f"A join has {len(branches)} branch, expected at least 2.")


def shapes(net, size):
    """Count the units of every layer, rows and columns, the image first.

    Parameters
    ----------
    net : sequence of Layer or Join
        First layer first.
    size : int or (int, int)
        Height and width of the image in pixels.

    Returns
    -------
    list of (int, int)

    Raises
    ------
    ValueError
        If a window does not fit, or branches that meet differ in size.
    """
    found = [(size, size) if np.ndim(size) == 0 else tuple(size)]
    for k, part in enumerate(net, start=1):
        if isinstance(part, Join):
            ends = {shapes(branch, found[-1])[-1] for branch in part.branches}
            if len(ends) > 1:
                raise ValueError(
                    f"Branches of layer {k} meet with {sorted(ends)} units, expected "
                    "equal numbers."
                )
            found.append(ends.pop())
        else:
            found.append(tuple(part.along(a).count(found[-1][a]) for a in (0, 1)))
            if min(found[-1]) < 1:
                raise ValueError(
                    f"Layer {k} ({part.label}) has no unit over {found[-2]} positions: "
                    "its window must fit inside."
                )
    return found


def seen_by(net, unit=None, size=32):
    """Mark the pixels that one unit of the last layer depends on, or any of them.

    Parameters
    ----------
    net : sequence of Layer or Join
        First layer first.
    unit : (int, int), optional
        Row and column of the unit; all units if it is left out.
    size : int or (int, int), default 32
        Height and width of the image in pixels.

    Returns
    -------
    ndarray of shape (H, W)
        bool.

    Raises
    ------
    ValueError
        If the unit does not exist, or the layers do not fit.
    """
    *_, last = found = shapes(net, size)
    above = np.full(last, unit is None)
    if unit is not None:
        require_place(unit, last)
        above[tuple(unit)] = True
    return _read(net, above, found)


def require_place(unit, last):
    """Raise a sentence unless a row and a column are among ``last`` units."""
    if not all(0 <= u < n for u, n in zip(unit, last, strict=True)):
        raise ValueError(
            f"unit is {unit}, expected a row below {last[0]} and a column below "
            f"{last[1]}: the last layer has {last[0]} x {last[1]} units."
        )


def coverage_map(net, size=32):
    """Count for each pixel the units of the last layer that see it.

    Parameters
    ----------
    net : sequence of Layer or Join
        First layer first.
    size : int or (int, int), default 32
        Height and width of the image in pixels.

    Returns
    -------
    ndarray of shape (H, W)
        int64; 0 marks a blind spot.
    """
    last = shapes(net, size)[-1]
    return sum(seen_by(net, u, size).astype(np.int64) for u in np.ndindex(last))


class Field(NamedTuple):
    """The square that holds a unit's field, along one axis, if there is no border.

    Attributes
    ----------
    size : int
        Its side length, in pixels.
    step : int or None
        Distance between the squares of neighbouring units; None if it varies.
    first : int
        First pixel of unit 0; negative in the padding.
    status : str
        "aligned": where branches meet, their fields have the same middle; "shifted":
        they do not, but by the same distance in all units; "per unit": branches with
        different steps meet, and size and first are those of unit 0 only.
    """

    size: int
    step: int | None
    first: int
    status: str

    @property
    def centre(self):
        """Middle of unit 0's square; may end in .5."""
        return self.first + (self.size - 1) / 2


def describe(net, axis=0):
    """Describe where the units of a net with branches look, along one axis.

    Parameters
    ----------
    net : sequence of Layer or Join
        First layer first.
    axis : int, default 0
        0 for rows, 1 for columns.

    Returns
    -------
    Field
    """
    (first, last), (following, _) = (_hull(net, (u, u), axis) for u in (0, 1))
    status = _status(net, axis)
    step = None if status == "per unit" else following - first
    return Field(last - first + 1, step, first, status)


def _read(net, above, found):
    """Mark what the marked units of the last layer read, down to the image."""
    for part, shape in zip(reversed(net), reversed(found[:-1]), strict=True):
        if isinstance(part, Join):
            branches = [
                _read(branch, above, shapes(branch, shape)) for branch in part.branches
            ]
            above = np.logical_or.reduce(branches)
        else:
            above = _read_windows(part, above, shape)
    return above


def _read_windows(layer, above, shape):
    """Mark what the windows of marked units read: one shifted copy per tap."""
    pads, steps, taps = layer.pads, [], []
    for axis in (0, 1):
        flat = layer.along(axis)
        taps.append(range(0, flat.reach + 1, flat.dilation))
        steps.append(flat.stride)
    below = np.zeros([n + sum(pad) for n, pad in zip(shape, pads, strict=True)], bool)
    for i in taps[0]:
        for j in taps[1]:
            rows = slice(i, i + steps[0] * (above.shape[0] - 1) + 1, steps[0])
            columns = slice(j, j + steps[1] * (above.shape[1] - 1) + 1, steps[1])
            below[rows, columns] |= above
    (top, _), (left, _) = pads
    return below[top : top + shape[0], left : left + shape[1]]


def _hull(net, ends, axis):
    """Follow the first and the last of some units down to the image."""
    for part in reversed(net):
        if isinstance(part, Join):
            hulls = [_hull(branch, ends, axis) for branch in part.branches]
            ends = min(first for first, _ in hulls), max(last for _, last in hulls)
        else:
            flat = part.along(axis)
            ends = flat.window(ends[0])[0], flat.window(ends[1])[-1]
    return ends


def _status(net, axis):
    """Compare the branches of every join, for unit 0 and for unit 1."""
    found = "aligned"
    for part in net:
        if not isinstance(part, Join):
            continue
        inner = [_status(branch, axis) for branch in part.branches]
        hulls = [
            [_hull(branch, (u, u), axis) for branch in part.branches] for u in (0, 1)
        ]
        steps = {after[0] - now[0] for now, after in zip(*hulls, strict=True)}
        middles = {first + last for first, last in hulls[0]}
        if len(steps) > 1 or "per unit" in inner:
            return "per unit"
        if len(middles) > 1 or "shifted" in inner:
            found = "shifted"
    return found
