"""Where the units of every layer look: sizes, steps and centres as a table."""

from typing import NamedTuple

from utils.receptive_field.sets import span, unit_counts


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
