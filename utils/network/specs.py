"""What a network is made of: one small description per layer.

A description holds no numbers that are trained and no memory; `ConvNet` makes those.
It checks its own arguments, and says what it makes of the shape of one image.  Shapes
are those of the field, without the number of images: (C, H, W) for maps, (D,) behind a
fully connected layer.
"""

import numbers
from dataclasses import dataclass, fields

from utils.shapes import conv_output_shape, pool_output_shape

STARTS = "he", "uniform", "unit"


def _whole(layer, name, least=1):
    """Refuse an argument that is not a whole number of at least `least`."""
    value = getattr(layer, name)
    integral = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not integral or value < least:
        kind = type(layer).__name__
        raise ValueError(
            f"{name} of {kind} is {value!r}, expected a whole number >= {least}."
        )


def _number(layer, name, low, high):
    """Refuse an argument that is not a number between `low` and `high`."""
    value = getattr(layer, name)
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not low <= value <= high:
        kind = type(layer).__name__
        raise ValueError(
            f"{name} of {kind} is {value!r}, expected a number from {low} to {high}."
        )


def _check_start(layer, starts):
    """Refuse a way to draw weights that we do not know."""
    start = layer.start
    real = isinstance(start, numbers.Real) and not isinstance(start, bool)
    if not (real and 0 <= start < float("inf")) and start not in starts:
        raise ValueError(
            f"start of {type(layer).__name__} is {start!r}, expected one of "
            f"{', '.join(starts)}, or a standard deviation."
        )


class Layer:
    """What all descriptions share."""

    def __post_init__(self):
        """Refuse arguments that make no sense."""
        self._check()

    def _check(self):
        pass

    def out_shape(self, shape):
        """Give the shape of the output for one image of this shape."""
        return shape

    def _need_maps(self, shape):
        if len(shape) != 3:
            raise ValueError(
                f"{self} needs maps (channels, height, width), but what comes in has "
                f"shape {shape}."
            )

    @property
    def kind(self):
        """The name's first part: "conv" for `Conv`."""
        return NAMES.get(type(self).__name__, type(self).__name__.lower())

    def __str__(self):
        """Write it as in a list of layers, without what is left at its default."""
        parts = []
        for field in fields(self):
            value = getattr(self, field.name)
            if field.default is field.default_factory:  # no default: by position
                parts.append(str(value))
            elif value != field.default:
                parts.append(f"{field.name}={value!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


NAMES = {"BatchNorm": "bn", "MaxPool": "pool", "AvgPool": "pool"}
NAMES |= {"GlobalMaxPool": "pool", "GlobalAvgPool": "pool"}


@dataclass(frozen=True)
class Conv(Layer):
    """A convolution.

    Parameters
    ----------
    filters : int
        How many.
    size : int, default 3
        Height and width of a filter.
    stride : int, default 1
        Step from one window to the next.
    pad : int, optional
        Zeros at each side; by default (size - 1) // 2, which keeps the size of the maps
        if the stride is 1 and the filter odd.
    bias : bool, optional
        Whether a number is added per filter; by default unless a `BatchNorm` follows,
        which would subtract it again.
    start : {"he", "uniform", "unit", "dirac"} or float, default "he"
        How weights are drawn: normal with variance 2 / D, for D inputs per filter (He
        et al., 2015); uniform up to 1 / sqrt(D); uniform with standard deviation 1;
        as "uniform", but the first filters copy their channel (a *partial identity*;
        Jordan, 2024); normal with this standard deviation.
    """

    filters: int
    size: int = 3
    stride: int = 1
    pad: int | None = None
    bias: bool | None = None
    start: str | float = "he"

    def _check(self):
        for name in ("filters", "size", "stride"):
            _whole(self, name)
        if self.pad is not None:
            _whole(self, "pad", 0)
        _check_start(self, (*STARTS, "dirac"))

    @property
    def padding(self):
        """Zeros at each side."""
        return (self.size - 1) // 2 if self.pad is None else self.pad

    def out_shape(self, shape):
        """Give the shape of the output for one image of this shape."""
        self._need_maps(shape)
        w_shape = self.filters, shape[0], self.size, self.size
        conv_param = {"stride": self.stride, "pad": self.padding}
        return conv_output_shape((1, *shape), w_shape, conv_param)[1:]


@dataclass(frozen=True)
class Whiten(Layer):
    """A convolution whose filters come from statistics of the images, not by training.

    It turns the pixels of each window into numbers that are uncorrelated and of equal
    variance, twice, with both signs.  The filters are set by `ConvNet.whiten`; a bias
    is trained.  See Jordan (2024), section 3.2.

    Parameters
    ----------
    size : int, default 2
        Height and width of a window.
    """

    size: int = 2
    stride, padding = 1, 0
    bias, start = True, "uniform"

    def _check(self):
        _whole(self, "size")

    def filters_for(self, channels):
        """Count the filters for images with so many channels."""
        return 2 * channels * self.size**2

    def out_shape(self, shape):
        """Give the shape of the output for one image of this shape."""
        self._need_maps(shape)
        return Conv(self.filters_for(shape[0]), self.size, pad=0).out_shape(shape)


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation of each channel (Ioffe and Szegedy, 2015).

    Parameters
    ----------
    scale : bool, default True
        Whether gamma is trained; otherwise it is 1, and beta alone is trained.
    eps : float, default 1e-5
        Added to the variance.
    momentum : float, default 0.9
        Which part of the running mean and variance is kept at each step.
    """

    scale: bool = True
    eps: float = 1e-5
    momentum: float = 0.9

    def _check(self):
        _number(self, "eps", 1e-30, 1.0)
        _number(self, "momentum", 0.0, 1.0)


@dataclass(frozen=True)
class Relu(Layer):
    """max(0, x)."""


@dataclass(frozen=True)
class Gelu(Layer):
    """Give x times the standard normal distribution function of x (2016)."""


@dataclass(frozen=True)
class Silu(Layer):
    """Give x times the logistic function of x."""


@dataclass(frozen=True)
class MaxPool(Layer):
    """The largest value of each window; what is left over at the border is dropped.

    Parameters
    ----------
    size : int, default 2
        Height and width of a window.
    stride : int, optional
        Step from one window to the next; by default `size`.
    """

    size: int = 2
    stride: int | None = None

    def _check(self):
        _whole(self, "size")
        if self.stride is not None:
            _whole(self, "stride")

    @property
    def step(self):
        """Step from one window to the next."""
        return self.size if self.stride is None else self.stride

    def out_shape(self, shape):
        """Give the shape of the output for one image of this shape."""
        self._need_maps(shape)
        pool_param = {"pool_height": self.size, "pool_width": self.size}
        return pool_output_shape((1, *shape), pool_param | {"stride": self.step})[1:]


@dataclass(frozen=True)
class AvgPool(Layer):
    """The mean of each window of `size` x `size`; the windows do not overlap."""

    size: int = 2

    def _check(self):
        _whole(self, "size")

    def out_shape(self, shape):
        """Give the shape of the output for one image of this shape."""
        return MaxPool(self.size).out_shape(shape)


@dataclass(frozen=True)
class GlobalMaxPool(Layer):
    """The largest value of each channel, wherever it stands."""

    def out_shape(self, shape):
        """Give the shape of the output for one image of this shape."""
        self._need_maps(shape)
        return shape[:1]


@dataclass(frozen=True)
class GlobalAvgPool(GlobalMaxPool):
    """The mean of each channel."""


@dataclass(frozen=True)
class Affine(Layer):
    """A fully connected layer; maps are laid out as (C, H, W), one after the other.

    Parameters
    ----------
    units : int
        Numbers that come out.
    bias : bool, optional
        Whether a number is added per unit; by default unless a `BatchNorm` follows.
    start : {"he", "uniform", "unit"} or float, default "uniform"
        How weights are drawn, see `Conv`.
    """

    units: int
    bias: bool | None = None
    start: str | float = "uniform"

    def _check(self):
        _whole(self, "units")
        _check_start(self, STARTS)

    def out_shape(self, shape):
        """Give the shape of the output for one image of this shape."""
        return (self.units,)


@dataclass(frozen=True)
class Scale(Layer):
    """Multiply by a constant: a scaled head keeps the first scores small."""

    factor: float

    def _check(self):
        _number(self, "factor", -1e6, 1e6)


@dataclass(frozen=True)
class StopGradient(Layer):
    """Let numbers through forward and nothing backward: all before it is fixed."""


@dataclass(frozen=True)
class Residual(Layer):
    """x + layers(x) (He et al., 2016); the layers must keep the shape.

    Parameters
    ----------
    layers : sequence of layers
    """

    layers: tuple

    def _check(self):
        object.__setattr__(self, "layers", tuple(self.layers))
        check_layers(self.layers, "layers of Residual")

    def out_shape(self, shape):
        """Give the shape of the output for one image of this shape."""
        out = shape
        for layer in self.layers:
            out = layer.out_shape(out)
        if out != shape:
            raise ValueError(
                f"Residual adds its input of shape {shape} to an output of shape "
                f"{out}, expected equal shapes."
            )
        return shape

    def __str__(self):
        """Write it as in a list of layers."""
        return f"Residual([{', '.join(map(str, self.layers))}])"


def check_layers(layers, name="layers"):
    """Refuse a list that is empty or holds anything but layers."""
    if not layers:
        raise ValueError(f"{name} is empty, expected at least one layer.")
    for place, layer in enumerate(layers, 1):
        if not isinstance(layer, Layer):
            have = layer.__name__ if isinstance(layer, type) else repr(layer)
            hint = f", perhaps {have}()" if isinstance(layer, type) else ""
            raise ValueError(
                f"Number {place} of {name} is {have}, expected a layer such as "
                f"Conv(32, 3) or Relu(){hint}."
            )
