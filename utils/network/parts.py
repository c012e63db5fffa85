"""Layers in their place: names, shapes, first weights, and how weights are kept.

The field writes the weights of a convolution as (F, C, HH, WW); `state_dict` gives
those.  The engine keeps them as (HH, WW, C, K), with C and K filled up to whole vectors
by zeros that stay zeros, because there the filters of one weight lie side by side.
"""

import math
import numbers
from dataclasses import dataclass, field

import numpy as np

from utils.network.specs import (
    Affine,
    BatchNorm,
    Conv,
    MaxPool,
    Residual,
    Whiten,
    check_layers,
)


@dataclass
class Part:
    """A layer in its place.

    Attributes
    ----------
    layer : Layer
    name : str
        Kind and number, for example "conv2".
    in_shape, out_shape : tuple of int
        For one image of the size that the net was made for.
    bias : bool
        Whether it adds a bias.
    image : bool
        Whether it reads the image itself.
    inner : list of Part
        The layers inside a `Residual`.
    """

    layer: object
    name: str
    in_shape: tuple
    out_shape: tuple
    bias: bool = False
    image: bool = False
    inner: list = field(default_factory=list)

    @property
    def filters(self):
        """Real channels or units of the output."""
        return self.out_shape[0]


def check_arguments(layers, input_shape, dtype, label_smoothing, ghost):
    """Refuse arguments of `ConvNet` that make no sense."""
    if not isinstance(layers, list | tuple):
        raise ValueError(f"layers is {layers!r}, expected a list of layers.")
    shape = input_shape if isinstance(input_shape, list | tuple) else ()
    if len(shape) != 3 or not all(_is_whole(length) for length in shape):
        raise ValueError(
            f"input_shape is {input_shape!r}, expected (channels, height, width), "
            f"whole numbers >= 1."
        )
    if dtype not in (float, np.float32, np.float64, "float32", "float64"):
        raise ValueError(f"dtype is {dtype!r}, expected float32 or float64.")
    real = isinstance(label_smoothing, numbers.Real)
    if not real or not 0 <= label_smoothing < 1:
        raise ValueError(
            f"label_smoothing is {label_smoothing!r}, expected a number from 0 to "
            f"less than 1."
        )
    if ghost is not None and not _is_whole(ghost):
        raise ValueError(f"ghost is {ghost!r}, expected a number of images >= 1.")


def _is_whole(value):
    integral = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return integral and value >= 1


def arrange(layers, input_shape):
    """Put layers into their places.

    Parameters
    ----------
    layers : sequence of Layer
    input_shape : tuple of 3 ints
        (C, H, W) of an image.

    Returns
    -------
    list of Part

    Raises
    ------
    ValueError
        If a layer cannot follow the one before it; the message names it.
    """
    check_layers(layers)
    return _arrange(layers, tuple(input_shape), {}, image=True)


def _arrange(layers, shape, counts, image=False):
    parts = []
    for place, layer in enumerate(layers):
        counts[layer.kind] = counts.get(layer.kind, 0) + 1
        name = f"{layer.kind}{counts[layer.kind]}"
        inner = []
        try:
            if isinstance(layer, Residual):
                inner = _arrange(layer.layers, shape, counts)
            out_shape = tuple(layer.out_shape(shape))
        except ValueError as error:
            raise ValueError(f"Layer {name}, {layer}: {error}") from None
        bias = _has_bias(layer, layers[place + 1 :], name)
        reads_image = image and place == 0 and isinstance(layer, Conv | Whiten)
        parts.append(Part(layer, name, shape, out_shape, bias, reads_image, inner))
        shape = out_shape
    return parts


def _has_bias(layer, after, name):
    """Decide whether a layer adds a bias."""
    if not isinstance(layer, Conv | Affine | Whiten):
        return False
    after = [other for other in after[:2] if not isinstance(other, MaxPool)]
    normalised = bool(after) and isinstance(after[0], BatchNorm)
    if isinstance(layer, Whiten):
        return not normalised
    if layer.bias and normalised:
        raise ValueError(
            f"Layer {name} has bias=True in front of a BatchNorm, which subtracts it "
            f"again; expected bias=None or False."
        )
    return not normalised if layer.bias is None else layer.bias


def every(parts):
    """Go through all parts as they are computed: those inside a residual before it."""
    for part in parts:
        yield from every(part.inner)
        yield part


def shapes(part):
    """Give the field's shapes of what a part has: two dictionaries, trained and not."""
    layer, C, K = part.layer, part.in_shape[0], part.filters
    bias = {"b": (K,)} if part.bias else {}
    if isinstance(layer, Conv):
        return {"w": (K, C, layer.size, layer.size)} | bias, {}
    if isinstance(layer, Whiten):
        return bias, {"w": (K, C, layer.size, layer.size)}
    if isinstance(layer, Affine):
        return {"w": (math.prod(part.in_shape), K)} | bias, {}
    if isinstance(layer, BatchNorm):
        scale = {"gamma": (K,)} if layer.scale else {}
        return scale | {"beta": (K,)}, {"mean": (K,), "var": (K,)}
    return {}, {}


def start(part, rng):
    """Draw a part's first weights: a dictionary of float64 arrays as the field has."""
    trained, fixed = shapes(part)
    arrays = {key: np.zeros(shape) for key, shape in (trained | fixed).items()}
    for key in ("gamma", "var"):
        if key in arrays:
            arrays[key] += 1
    if "w" in arrays:
        shape = arrays["w"].shape
        D = shape[0] if isinstance(part.layer, Affine) else math.prod(shape[1:])
        arrays["w"][...] = _draw(part.layer.start, shape, D, rng)
    return arrays


def _draw(way, shape, D, rng):
    if way == "he":
        return rng.standard_normal(shape) * math.sqrt(2 / D)
    if not isinstance(way, str):
        return rng.standard_normal(shape) * way
    w = rng.uniform(-1, 1, shape) / math.sqrt(D)
    if way == "unit":
        w /= w.std()
    if way == "dirac":
        first, middle = range(min(shape[:2])), shape[2] // 2
        w[first] = 0
        w[first, first, middle, middle] = 1
    return w


class Layout:
    """How arrays are kept: filled up to multiples of `lanes`, filters last.

    Parameters
    ----------
    lanes : int
        Numbers in a vector; 1 leaves nothing to fill up.
    empty : callable
        ``empty(shape)`` gives an array of zeros.
    """

    def __init__(self, lanes, empty):
        self.lanes, self.empty = lanes, empty

    def wide(self, channels):
        """Round channels up to whole vectors."""
        return -(-channels // self.lanes) * self.lanes

    def _channels(self, part):
        C = part.in_shape[0]
        return C if part.image else self.wide(C)

    def pack(self, part, key, array):
        """Give an array as the engine keeps it."""
        if array.ndim == 1:
            out = self.empty((self.wide(len(array)),))
            out[: len(array)] = array
            return out
        if array.ndim == 4:
            K, C, HH, WW = array.shape
            out = self.empty((HH, WW, self._channels(part), self.wide(K)))
            out[:, :, :C, :K] = array.transpose(2, 3, 1, 0)
            return out
        C, H, W = self._map(part)
        M = array.shape[1]
        out = self.empty((H, W, self.wide(C), self.wide(M)))
        out[:, :, :C, :M] = array.reshape(C, H, W, M).transpose(1, 2, 0, 3)
        return out.reshape(-1, out.shape[-1])

    def unpack(self, part, key, array):
        """Give an array as the field writes it: always a copy."""
        shape = (shapes(part)[0] | shapes(part)[1])[key]
        if array.ndim == 1:
            return array[: shape[0]].copy()
        if array.ndim == 4:
            return array[:, :, : shape[1], : shape[0]].transpose(3, 2, 0, 1).copy()
        C, H, W = self._map(part)
        array = array.reshape(H, W, -1, array.shape[1])[:, :, :C, : shape[1]]
        return array.transpose(2, 0, 1, 3).reshape(shape).copy()

    @staticmethod
    def _map(part):
        """Give (C, H, W) of what an affine layer reads."""
        return part.in_shape if len(part.in_shape) == 3 else (*part.in_shape, 1, 1)
