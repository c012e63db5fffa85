"""What one unit of a convolutional network sees, found by counting pixels.

Given code for Receptive-Fields.ipynb. No formula for the size of a receptive field
stands here, because that formula is the exercise: the functions walk from a unit back
to the image and collect, layer by layer, the positions that its windows read.
``utils.receptive_field_probe`` asks the same question of real layers.

In a chain of layers, rows and columns do not interact: the functions on sets speak of
one axis, and unit ``(i, j)`` sees the rows of unit ``i`` and the columns of unit ``j``.
Positions count from 0. Layer 0 is the image, and ``layers[k - 1]`` is layer k.

=============  ====================================================================
`layers.py`    one layer of windows; chains of them
`sets.py`      along one axis: what a unit reads, who reads a pixel
`tables.py`    where the units of every layer look
`joins.py`     nets with branches; both axes at once
=============  ====================================================================
"""

from utils.receptive_field.joins import (
    Field,
    Join,
    coverage_map,
    describe,
    require_place,
    seen_by,
    shapes,
)
from utils.receptive_field.layers import Layer, along, chain
from utils.receptive_field.sets import (
    ancestry,
    coverage,
    largest_gap,
    measured_size,
    pixels,
    span,
    uncut,
    unit_counts,
)
from utils.receptive_field.tables import Geometry, geometry, geometry_table

__all__ = [
    "Field",
    "Geometry",
    "Join",
    "Layer",
    "along",
    "ancestry",
    "chain",
    "coverage",
    "coverage_map",
    "describe",
    "geometry",
    "geometry_table",
    "largest_gap",
    "measured_size",
    "pixels",
    "require_place",
    "seen_by",
    "shapes",
    "span",
    "uncut",
    "unit_counts",
]
