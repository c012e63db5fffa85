"""A network as a table: shapes, parameters, operations, receptive fields."""

import math
import textwrap

from utils import receptive_field
from utils.network import specs
from utils.network.parts import arrange, every, shapes

HEADER = "layer", "", "output", "parameters", "MFLOP", "field", "step"
WIDTH = 88  # characters in a line: more is broken where the notebooks are printed


def flops(part):
    """Count the operations of a layer's forward pass for one image.

    A multiplication and an addition are two; only convolutions and affine layers
    count.  Products with the zeros of a padding count, as everywhere in the field.
    """
    if isinstance(part.layer, specs.Conv | specs.Whiten):
        window = part.in_shape[0] * part.layer.size**2
        return 2 * math.prod(part.out_shape) * window
    if isinstance(part.layer, specs.Affine):
        return 2 * math.prod(part.in_shape) * part.filters
    return 0


def training_flops(parts, frozen=(), input_shape=None):
    """Count the operations of a forward and a backward pass for one image.

    Parameters
    ----------
    parts : list of Part
    frozen : container of str
        Parameters that are not trained: their gradients are not computed, nor anything
        that is only needed for gradients of layers before.
    input_shape : tuple of 3 ints, optional
        (C, H, W), by default what the parts were arranged for.
    """
    if input_shape is not None:
        parts = arrange([part.layer for part in parts], input_shape)
    return _count(parts, frozen, False)[0]


def _count(parts, frozen, below):
    """Give operations, and whether anything learns; `below`: anything before does."""
    total = 0
    for place, part in enumerate(parts):
        if isinstance(part.layer, specs.StopGradient):
            # Nothing before it is gone back through: only the passes forward count.
            total, below = sum(map(flops, every(parts[:place]))), False
        elif part.inner:
            more, learns = _count(part.inner, frozen, below)
            total, below = total + more, below or learns
        else:
            keys = shapes(part)[0]
            trained = [key for key in keys if f"{part.name}.{key}" not in frozen]
            total += flops(part) * (1 + below + ("w" in trained))
            below = below or bool(trained)
    return total, below


class Summary:
    """The table of a network; `print` it, or show it in a notebook.

    Attributes
    ----------
    rows : list of dict
        One per layer: name, layer, output, parameters, flops, field (None: the whole
        image), step.
    """

    def __init__(self, parts):
        self.rows, windows = [], []
        self._collect(parts, windows, "")

    def _collect(self, parts, windows, indent):
        for part in parts:
            layer, field, step = part.layer, None, None
            if isinstance(layer, specs.Conv | specs.Whiten | specs.MaxPool):
                stride = (
                    layer.step if isinstance(layer, specs.MaxPool) else layer.stride
                )
                windows.append(receptive_field.Layer(layer.size, stride))
            elif isinstance(layer, specs.AvgPool):
                windows.append(receptive_field.Layer(layer.size, layer.size))
            if part.inner:
                self._collect(part.inner, windows, indent + "  ")
            if len(part.out_shape) == 3:
                field = receptive_field.measured_size(windows) if windows else 1
                step = math.prod(window.stride for window in windows)
            trained = 0 if part.inner else sum(map(math.prod, shapes(part)[0].values()))
            text = "Residual" if part.inner else str(layer)
            self.rows.append(
                {
                    "name": indent + part.name,
                    "layer": text,
                    "output": part.out_shape,
                    "parameters": trained,
                    "flops": flops(part),
                    "field": field,
                    "step": step,
                }
            )

    @property
    def parameters(self):
        """How many numbers are trained."""
        return sum(row["parameters"] for row in self.rows)

    @property
    def flops(self):
        """Operations of a forward pass for one image."""
        return sum(row["flops"] for row in self.rows)

    def _cells(self):
        for row in self.rows:
            yield (
                row["name"],
                row["layer"],
                " x ".join(map(str, row["output"])),
                f"{row['parameters']:,}" if row["parameters"] else "",
                f"{row['flops'] / 1e6:.2f}" if row["flops"] else "",
                "all" if row["field"] is None else str(row["field"]),
                "" if row["step"] is None else str(row["step"]),
            )
        yield "sum", "", "", f"{self.parameters:,}", f"{self.flops / 1e6:.2f}", "", ""

    def __str__(self):
        """Write it with aligned columns; what a long layer says goes on below."""
        lines = [HEADER, *self._cells()]
        widths = [max(len(line[k]) for line in lines) for k in range(len(HEADER))]
        room = WIDTH - sum(widths) - 2 * (len(HEADER) - 1) + widths[1]
        lines = [part for line in lines for part in _wrapped(line, max(room, 20))]
        widths[1] = max(len(line[1]) for line in lines)
        text = []
        for line in lines:
            cells = [
                cell.ljust(width) if k < 3 else cell.rjust(width)
                for k, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            text.append("  ".join(cells).rstrip())
        return "\n".join(text)

    __repr__ = __str__


def _wrapped(line, room):
    """Give a line of the table, and lines for what its layer has no room for."""
    how = {"subsequent_indent": "  ", "break_long_words": False}
    first, *more = textwrap.wrap(line[1], room, **how) or [""]
    yield line[0], first, *line[2:]
    for text in more:
        yield "", text, *[""] * len(line[2:])
