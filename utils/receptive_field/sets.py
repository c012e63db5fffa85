"""Walking from a unit back to the image: which positions it reads, layer by layer.

Positions are collected in sets, along one axis; holes and borders take care of
themselves.  Windows must be square; for others, `along` gives either axis.
"""

import numpy as np

from utils.receptive_field.layers import require_int


def unit_counts(layers, size):
    """Count the units of every layer along one axis, the image first.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.
    size : int
        Side length of the image in pixels, >= 1.

    Returns
    -------
    list of ints
        ``size``, then the units of layer 1, layer 2, and so on.

    Raises
    ------
    ValueError
        If the window of a layer does not fit into the layer below.

    Examples
    --------
    >>> unit_counts(chain([3, 3], [2, 2], [0, 1]), size=8)
    [8, 3, 2]
    """
    require_int("The image size", size, 1)
    counts = [size]
    for k, layer in enumerate(layers, start=1):
        counts.append(layer.count(counts[-1]))
        if counts[-1] == 0:
            raise ValueError(
                f"Layer {k} ({layer.label}) has no unit over {counts[-2]} positions: "
                f"its window spans {layer.reach + 1} and must fit inside."
            )
    return counts


def ancestry(layers, unit, size=None):
    """Collect, layer by layer, everything that one unit of the last layer depends on.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.
    unit : int
        Position of the unit in the last layer.
    size : int, optional
        Side length of the image in pixels. With it, positions that do not exist are
        dropped at every layer, as zero padding carries nothing from the image.
        Without it, the image has no border.

    Returns
    -------
    list of lists of ints
        Sorted positions in the image, in layer 1, ..., in the last layer.

    Raises
    ------
    ValueError
        If the unit does not exist, or a window does not fit.

    Examples
    --------
    >>> ancestry(chain([3, 3], [2, 1]), unit=0)
    [[0, 1, 2, 3, 4, 5, 6], [0, 1, 2], [0]]
    """
    if size is not None:
        counts = unit_counts(layers, size)
        require_unit(unit, counts[-1])
    positions = [[unit]]
    for k in range(len(layers), 0, -1):
        windows = (layers[k - 1].window(above) for above in positions[0])
        read = set().union(*windows)
        if size is not None:
            read.intersection_update(range(counts[k - 1]))
        positions.insert(0, sorted(read))
    return positions


def pixels(layers, unit, size):
    """List the pixels, along one axis, that a unit of the last layer depends on.

    Parameters and errors are those of `ancestry`; here the size is required.

    Returns
    -------
    list of ints
        Sorted; it may have holes, and it is empty if the unit sees padding only.
    """
    return ancestry(layers, unit, size)[0]


def span(layers, unit=0):
    """Give the first and the last pixel a unit sees when the image has no border.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.
    unit : int, default 0
        Position of the unit in the last layer.

    Returns
    -------
    first, last : int
        Both inclusive; pixels outside the image are padding.
    """
    seen = ancestry(layers, unit)[0]
    return seen[0], seen[-1]


def measured_size(layers):
    """Measure the side length of a unit's receptive field, in pixels.

    The unit is far from any border. Pixels between the first and the last one count
    even if the unit does not read them.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.

    Returns
    -------
    int
        Side length in pixels, >= 1.

    Examples
    --------
    >>> measured_size(chain([3, 3], [2, 1]))
    7
    """
    first, last = span(layers)
    return last - first + 1


def coverage(layers, size):
    """Count, for each pixel along one axis, the last-layer units that see it.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.
    size : int
        Side length of the image in pixels.

    Returns
    -------
    ndarray of shape (size,)
        int64; 0 marks a blind pixel. In two dimensions the count of a pixel is the
        product of its row's and its column's.

    Examples
    --------
    >>> coverage(chain([3, 1], [1, 2]), size=7)
    array([1, 1, 2, 1, 2, 1, 1])
    """
    counts = np.zeros(size, dtype=np.int64)
    for unit in range(unit_counts(layers, size)[-1]):
        counts[pixels(layers, unit, size)] += 1
    return counts


def largest_gap(layers, units="one"):
    """Tell how far apart neighbouring pixels that are seen may lie, borders aside.

    Walking down: units that are G positions apart read windows that start s * G apart
    and cover m positions each, which leaves neighbours at most s * G - m + 1 apart, or
    1 inside of a window.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first, without dilation.
    units : str, default "one"
        ``"one"`` for the field of one unit of the last layer, ``"all"`` for what its
        many units see together.

    Returns
    -------
    int
        0 or 1 if there is no hole (no blind spot between seen pixels).

    Raises
    ------
    ValueError
        If a layer is dilated, or ``units`` is something else.

    Examples
    --------
    >>> largest_gap(chain([1, 3], [2, 1]), units="all")
    2
    """
    if units not in ("one", "all"):
        raise ValueError(f"units is {units!r}, expected 'one' or 'all'.")
    gap = int(units == "all")
    for layer in reversed(layers):
        if layer.dilation != 1:
            raise ValueError(
                f"The layer {layer.label} is dilated, expected dilation 1: its holes "
                "are no gaps between windows. coverage counts them, too."
            )
        gap = max(int(layer.reach > 0), layer.stride * gap - layer.reach)
    return gap


def uncut(layers):
    """Find an image, and in it a unit, whose receptive field no border cuts.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.

    Returns
    -------
    size : int
        Side length in pixels of the smallest image that holds the unit's field.
    unit : int
        The first unit of the last layer that reads no padding in any layer.
    """
    unit = 0
    while min(places[0] for places in ancestry(layers, unit)) < 0:
        unit += 1
    # Where there is the last pixel, there is every unit whose window ends there.
    return span(layers, unit)[1] + 1, unit


def require_unit(unit, count):
    """Raise a sentence unless ``unit`` is one of ``count`` positions."""
    if not 0 <= unit < count:
        raise ValueError(
            f"unit is {unit}, expected a position from 0 to {count - 1}: the last "
            f"layer has {count} units per axis."
        )
