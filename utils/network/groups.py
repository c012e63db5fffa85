"""Which layers a stage of the engine computes together.

A stage is a linear layer, a batchnorm (or bias, or factor), an activation and a 2 x 2
max pooling, most of which may be missing.  Pooling may come before or after batchnorm.
Where a maximum and a rising curve stand side by side, their order does not matter, so
the pooling goes first, which leaves a quarter of the work for the curve.
"""

from dataclasses import dataclass

from utils.network.parts import Part
from utils.network.specs import (
    Affine,
    BatchNorm,
    Conv,
    Gelu,
    MaxPool,
    Relu,
    Scale,
    Silu,
    Whiten,
)

LINEAR = Conv, Whiten, Affine
CURVES = Relu, Gelu, Silu


@dataclass
class Group:
    """Layers that one stage computes.

    Attributes
    ----------
    linear : Part or None
        A convolution or an affine layer.
    norm : Part or None
        A batchnorm.
    factor : float or None
        A constant factor.
    curve : Layer or None
        An activation.
    pool : {"before", "after", None}
        Where a 2 x 2 max pooling stands: before or after norm and factor.
    name : str
        The first layer's.
    last : str
        The last layer's.
    """

    linear: Part = None
    norm: Part = None
    factor: float = None
    curve: object = None
    pool: str = None
    name: str = ""
    last: str = ""

    def out_map(self, in_map, wide):
        """Give (N, H, W, K) of what the linear part computes; `wide` fills up K."""
        N, H, W, C = in_map
        if self.linear is None:
            return in_map
        K, layer = wide(self.linear.filters), self.linear.layer
        if isinstance(layer, Affine):
            return N, 1, 1, K
        _, H, W = layer.out_shape((self.linear.in_shape[0], H, W))
        return N, H, W, K


class _Reader:
    """Takes parts from a list, one after the other."""

    def __init__(self, parts):
        self.parts, self.taken = parts, None

    def take(self, fits):
        """Take the next part if it fits."""
        if self.parts and fits(self.parts[0].layer):
            self.taken, self.parts = self.parts[0], self.parts[1:]
            return self.taken
        return None


def _is_pool(layer):
    return isinstance(layer, MaxPool) and (layer.size, layer.step) == (2, 2)


def _is(*kinds):
    return lambda layer: isinstance(layer, kinds)


def group(parts):
    """Split a list of parts into groups, and single parts that are no stage.

    Parameters
    ----------
    parts : list of Part

    Returns
    -------
    list of Group or Part
    """
    groups, reader = [], _Reader(list(parts))
    while reader.parts:
        first, found = reader.parts[0], Group()
        found.linear = reader.take(_is(*LINEAR))
        if reader.take(_is_pool):
            found.pool = "before"
        found.norm = reader.take(_is(BatchNorm))
        if found.norm is None and not (found.linear and found.linear.bias):
            scaled = reader.take(_is(Scale))
            found.factor = scaled.layer.factor if scaled else None
        if found.norm and not found.pool and reader.take(_is_pool):
            found.pool = "after"
        curve = reader.take(_is(*CURVES))
        found.curve = curve.layer if curve else None
        rises = found.curve is None or isinstance(found.curve, Relu)
        if not found.pool and rises and (found.factor or 1) > 0:
            if reader.take(_is_pool):
                found.pool = "after" if found.norm else "before"
        if reader.parts and reader.parts[0] is first:  # nothing fitted
            groups.append(first)
            reader.parts = reader.parts[1:]
            continue
        found.name, found.last = first.name, reader.taken.name
        groups.append(found)
    return groups
