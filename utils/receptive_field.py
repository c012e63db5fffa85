"""What one unit of a convolutional network sees, found by counting pixels.

Given code for Receptive-Fields.ipynb. No formula for the size of a receptive field
stands here, because that formula is the exercise: the functions walk from a unit back
to the image and collect, layer by layer, the positions that its windows read.
``utils.receptive_field_probe`` asks the same question of real layers.

Windows are square and the layers form one chain, so rows and columns behave alike and
do not interact: the functions on sets speak of one axis, and unit ``(i, j)`` sees the
rows of unit ``i`` and the columns of unit ``j``. Positions count from 0. Layer 0 is
the image, and ``layers[k - 1]`` is layer k.
"""

import numbers
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

KINDS = ("conv", "pool")


@dataclass(frozen=True)
class Layer:
    """One layer of square windows: a convolution or a max pooling.

    Parameters
    ----------
    kernel : int
        Side length of the window in positions of the layer below, >= 1.
    stride : int, default 1
        Step from one window to the next, >= 1.
    pad : int, default 0
        Zeros added at either end, >= 0; pooling layers take none.
    dilation : int, default 1
        Distance between neighbouring positions that one window reads, >= 1.
    kind : str, default "conv"
        ``"conv"`` or ``"pool"``.

    Raises
    ------
    ValueError
        If a number is not an int or is too small, or the kind is unknown.

    Examples
    --------
    >>> list(Layer(kernel=3, stride=2, pad=1).window(4))
    [7, 8, 9]
    """

    kernel: int
    stride: int = 1
    pad: int = 0
    dilation: int = 1
    kind: str = "conv"

    def __post_init__(self):
        """Refuse numbers that describe no layer."""
        for name, least in (("kernel", 1), ("stride", 1), ("pad", 0), ("dilation", 1)):
            _require_int(f"A layer's {name}", getattr(self, name), least)
        if self.kind not in KINDS:
            raise ValueError(
                f"A layer's kind is {self.kind!r}, expected 'conv' or 'pool'; other "
                "layers (transposed convolutions, for example) are not supported."
            )
        if self.kind == "pool" and self.pad:
            raise ValueError(
                f"A pooling layer has pad = {self.pad}, expected 0: the workbook's "
                "pooling layers take no padding."
            )

    @property
    def reach(self):
        """Distance from the first to the last position of a window."""
        return self.dilation * (self.kernel - 1)

    @property
    def label(self):
        """What a figure calls the layer, for example ``3x3 conv, stride 2``."""
        parts = [f"{self.kernel}x{self.kernel} {self.kind}"]
        for name, plain in (("stride", 1), ("pad", 0), ("dilation", 1)):
            value = getattr(self, name)
            if value != plain:
                parts.append(f"{name} {value}")
        return ", ".join(parts)

    def window(self, unit):
        """Give the positions of the layer below that a unit reads, padding included."""
        start = unit * self.stride - self.pad
        return range(start, start + self.reach + 1, self.dilation)

    def count(self, size):
        """Count the units of this layer over a layer of ``size`` positions."""
        starts = range(-self.pad, size + self.pad - self.reach, self.stride)
        return len(starts)


def chain(kernel_sizes, strides, pads=None):
    """Write a net in the letters of the homework: m_1, m_2, ... and s_1, s_2, ...

    Parameters
    ----------
    kernel_sizes, strides : sequence of ints
        ``m_k`` and ``s_k``, from the first layer to the last; equally long.
    pads : sequence of ints, optional
        ``p_k``; no padding if it is left out.

    Returns
    -------
    list of Layer
        One convolution per entry.

    Raises
    ------
    ValueError
        If the sequences have different lengths, or a number describes no layer.
    """
    pads = [0] * len(kernel_sizes) if pads is None else pads
    if not len(kernel_sizes) == len(strides) == len(pads):
        raise ValueError(
            f"{len(kernel_sizes)} kernel sizes, {len(strides)} strides and {len(pads)} "
            "pads were given, expected one of each per layer."
        )
    return [Layer(*msp) for msp in zip(kernel_sizes, strides, pads, strict=True)]


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
    _require_int("The image size", size, 1)
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


class Geometry(NamedTuple):
    """Where the units of one layer look; lengths in pixels of the image."""

    label: str
    units: int
    size: int
    step: int
    first: int

    @property
    def centre(self):
        """Pixel coordinate of the middle of unit 0's field; may end in .5."""
        return self.first + (self.size - 1) / 2


def geometry(layers, size):
    """Measure where the units of every layer look.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.
    size : int
        Side length of the image in pixels.

    Returns
    -------
    list of Geometry
        One row per layer: its label, its units per axis, the side length of their
        fields, the step between the fields of neighbours, and the first pixel of
        unit 0 (negative: it lies in the padding).
    """
    rows = []
    for k, units in enumerate(unit_counts(layers, size)[1:], start=1):
        part = layers[:k]
        first, last = span(part, unit=0)
        step = span(part, unit=1)[0] - first
        rows.append(Geometry(part[-1].label, units, last - first + 1, step, first))
    return rows


def geometry_table(layers, size):
    """Format `geometry` as a table of plain text, one line per layer."""
    head = f"{'layer':<28}{'units':>7}{'size':>7}{'step':>7}{'first':>7}{'centre':>8}"
    lines = [head, "-" * len(head)]
    for k, row in enumerate(geometry(layers, size), start=1):
        lines.append(
            f"{f'{k}  {row.label}':<28}{row.units:>7}{row.size:>7}{row.step:>7}"
            f"{row.first:>7}{row.centre:>8g}"
        )
    return "\n".join(lines)


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
    needed = [places[-1] + 1 for places in ancestry(layers, unit)]
    size = needed[0]
    while any(n < m for n, m in zip(_counts(layers, size), needed, strict=True)):
        size += 1
    return size, unit


def require_unit(unit, count):
    """Raise a sentence unless every entry of ``unit`` is one of ``count`` positions."""
    for place in np.atleast_1d(unit):
        if not 0 <= place < count:
            raise ValueError(
                f"unit is {unit}, expected positions from 0 to {count - 1}: the last "
                f"layer has {count} units per axis."
            )


def _counts(layers, size):
    counts = [size]
    for layer in layers:
        counts.append(layer.count(counts[-1]))
    return counts


def _require_int(name, value, least):
    is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_int or value < least:
        raise ValueError(f"{name} is {value!r}, expected an int >= {least}.")
