"""Convolutions: forward, the gradient of x, the gradient of w; N = 128."""

from typing import NamedTuple

import numpy as np

from benchmarks import engine, harness, rivals
from utils.kernels import threads


class Shape(NamedTuple):
    """One convolutional layer; square maps and windows."""

    C: int
    K: int
    size: int
    window: int = 3
    stride: int = 1
    pad: int = 1
    bias: bool = False
    N: int = 128

    @property
    def name(self):
        """What the row is called."""
        stride = f" stride {self.stride}" if self.stride > 1 else ""
        kind = f"{self.window}x{self.window}{stride}"
        return f"conv {kind} {self.C}->{self.K} @{self.size}"

    @property
    def out_size(self):
        """Height and width of the output."""
        return 1 + (self.size + 2 * self.pad - self.window) // self.stride

    @property
    def operations(self):
        """Additions and multiplications of the plain algorithm, any pass."""
        outputs = self.N * self.out_size**2 * self.K
        return 2 * outputs * self.window**2 * self.C

    @property
    def traffic(self):
        """Bytes of images and feature maps, each read or written once, any pass."""
        return 4 * self.N * (self.size**2 * self.C + self.out_size**2 * self.K)


SHAPES = [
    Shape(32, 32, 32),
    Shape(64, 64, 32),
    Shape(64, 128, 16),
    Shape(128, 128, 16),
    Shape(128, 256, 8),
    Shape(256, 256, 8),
    Shape(256, 512, 4),
    Shape(256, 256, 7),
    Shape(3, 64, 32, bias=True),
    Shape(3, 32, 32, 7, pad=3, bias=True),
    Shape(64, 256, 16, 1, pad=0),
    Shape(64, 128, 32, stride=2),
]
PASSES = "forward", "dx", "dw"


def arrays(shape, seed=0):
    """Draw a layer's numbers: x, w, b (or None), dout, all aligned."""
    rng = np.random.default_rng(seed)

    def normal(*size, scale=1.0):
        array = threads.aligned(size)
        rng.standard_normal(out=array, dtype=np.float32)
        array *= np.float32(scale)
        return array

    taps = shape.window**2 * shape.C
    x = normal(shape.N, shape.size, shape.size, shape.C)
    window = shape.window, shape.window
    w = normal(*window, shape.C, shape.K, scale=(2 / taps) ** 0.5)
    b = normal(shape.K) if shape.bias else None
    return x, w, b, normal(shape.N, shape.out_size, shape.out_size, shape.K)


def job(shape, direction, numbers):
    """Give one row's job.

    Parameters
    ----------
    shape : Shape
    direction : {"forward", "dx", "dw"}
    numbers : tuple
        From `arrays`.
    """
    x, w, b, dout = numbers
    geometry = shape.stride, shape.pad
    ours, saved = engine.conv(direction, x, w, b, dout, *geometry)
    return harness.Job(
        shape.name,
        direction,
        ours,
        rivals.torch_conv(direction, x, w, b, dout, *geometry),
        tolerance=engine.tolerance(direction, saved),
        operations=shape.operations,
        saved=saved,
        traffic=shape.traffic,
        others={"im2col": rivals.im2col_conv(direction, x, w, b, dout, *geometry)},
    )


def rows(options):
    """Measure all rows of the table.

    Parameters
    ----------
    options : argparse.Namespace
        ``rounds`` and ``only``, a text that a row's name and pass must contain.

    Yields
    ------
    row : dict
        See `harness.measure`.
    """
    for shape in SHAPES:
        chosen = [p for p in PASSES if options.only in f"{shape.name} {p}"]
        numbers = arrays(shape) if chosen else None
        for direction in chosen:
            yield harness.measure(
                job(shape, direction, numbers), options.rounds, options.patience
            )
