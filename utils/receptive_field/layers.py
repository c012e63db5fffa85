"""One layer of windows, and nets that are chains of them."""

import numbers
from dataclasses import dataclass

KINDS = ("conv", "pool")


@dataclass(frozen=True)
class Layer:
    """One layer of windows: a convolution or a pooling.

    Each number is an int, or a pair (y, x) if rows and columns differ; equal pairs
    become an int.

    Parameters
    ----------
    kernel : int or (int, int)
        Side length of the window in positions of the layer below, >= 1.
    stride : int or (int, int), default 1
        Step from one window to the next, >= 1.
    pad : int, (int, int) or 4 ints, default 0
        Zeros added at either end, >= 0; four are (top, bottom, left, right).  Pooling
        layers take none.
    dilation : int or (int, int), default 1
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
    >>> Layer(kernel=(3, 5), pad=(1, 2)).along(axis=1)
    Layer(kernel=5, stride=1, pad=2, dilation=1, kind='conv')
    """

    kernel: int | tuple
    stride: int | tuple = 1
    pad: int | tuple = 0
    dilation: int | tuple = 1
    kind: str = "conv"

    def __post_init__(self):
        """Refuse numbers that describe no layer; write equal pairs as one int."""
        for name, least in (("kernel", 1), ("stride", 1), ("pad", 0), ("dilation", 1)):
            value = getattr(self, name)
            lengths = (2, 4) if name == "pad" else (2,)
            object.__setattr__(self, name, _tidy(name, value, least, lengths))
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

    def along(self, axis):
        """Give the layer of square windows that does along both axes what this does.

        Parameters
        ----------
        axis : int
            0 for rows (y), 1 for columns (x).

        Returns
        -------
        Layer
        """
        kernel, stride, dilation = (
            _pair(value)[axis] for value in (self.kernel, self.stride, self.dilation)
        )
        return Layer(kernel, stride, self.pads[axis] * 2, dilation, self.kind)

    @property
    def pads(self):
        """Zeros as ((top, bottom), (left, right))."""
        if isinstance(self.pad, tuple) and len(self.pad) == 4:
            return self.pad[:2], self.pad[2:]
        y, x = _pair(self.pad)
        return (y, y), (x, x)

    @property
    def is_square(self):
        """Whether rows and columns behave alike."""
        sizes = (self.kernel, self.stride, self.dilation)
        return all(isinstance(n, int) for n in sizes) and len({*self.pads}) == 1

    @property
    def reach(self):
        """Distance from the first to the last position of a window."""
        self._require_square()
        return self.dilation * (self.kernel - 1)

    @property
    def label(self):
        """What a figure calls the layer, for example ``3x3 conv, stride 2``."""
        parts = [f"{_times(_pair(self.kernel))} {self.kind}"]
        for name, plain in (("stride", 1), ("pad", 0), ("dilation", 1)):
            value = getattr(self, name)
            if value != plain:
                parts.append(f"{name} {_times(value)}")
        return ", ".join(parts)

    def window(self, unit):
        """Give the positions of the layer below that a unit reads, padding included."""
        reach, before = self.reach, self.pads[0][0]
        start = unit * self.stride - before
        return range(start, start + reach + 1, self.dilation)

    def count(self, size):
        """Count the units of this layer over a layer of ``size`` positions."""
        reach, (before, after) = self.reach, self.pads[0]
        return len(range(-before, size + after - reach, self.stride))

    def _require_square(self):
        if not self.is_square:
            raise ValueError(
                f"The layer {self.label} does not treat rows and columns alike: look "
                "at along(layers, 0) for the rows, at along(layers, 1) for the columns."
            )


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


def along(layers, axis):
    """Give the net of square windows that does what these layers do along one axis.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.
    axis : int
        0 for rows (y), 1 for columns (x).

    Returns
    -------
    list of Layer
    """
    return [layer.along(axis) for layer in layers]


def require_int(name, value, least):
    """Raise a sentence unless ``value`` is an int of at least ``least``."""
    is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_int or value < least:
        raise ValueError(f"{name} is {value!r}, expected an int >= {least}.")


def _tidy(name, value, least, lengths):
    """Return an int, or a tuple of ints that is no longer than it needs to be."""
    if not isinstance(value, tuple | list):
        require_int(f"A layer's {name}", value, least)
        return int(value)
    if len(value) not in lengths:
        form = "one int or a pair (y, x)"
        form += ", or (top, bottom, left, right)" if 4 in lengths else ""
        raise ValueError(f"A layer's {name} is {value!r}, expected {form}.")
    for one in value:
        require_int(f"An entry of a layer's {name}", one, least)
    value = tuple(map(int, value))
    if len(value) == 4 and value[0] == value[1] and value[2] == value[3]:
        value = value[::2]
    return value[0] if len({*value}) == 1 else value


def _pair(value):
    return value if isinstance(value, tuple) else (value, value)


def _times(value):
    return "x".join(map(str, value if isinstance(value, tuple) else [value]))
