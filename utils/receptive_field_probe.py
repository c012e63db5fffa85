"""What one unit of a convolutional network sees, asked of the workbook's own layers.

Given code for Receptive-Fields.ipynb. ``utils.receptive_field`` finds the pixels of a
unit by counting; the probes here find them by running the layers, with a gradient
(``path_counts``) or with a NaN (``field_by_nan``). The two share nothing but the list
of layers, so their agreement is evidence.
"""

import numpy as np

from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_forward_fast,
)
from utils.receptive_field import Layer, measured_size, require_place, shapes


def path_counts(layers, unit, size):
    """Probe a net with a gradient through the workbook's own backward passes.

    Every filter weight is 1, so the gradient of one output unit with respect to a
    pixel is the number of paths from that pixel to the unit, an exact integer.
    Pooling layers sum their window here, as the gradient of a maximum follows only
    the one pixel that happened to win.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first.
    unit : tuple of 2 ints
        Row and column of the unit in the last layer.
    size : int or (int, int)
        Height and width of the image in pixels.

    Returns
    -------
    ndarray of shape (H, W)
        float64; the unit depends on a pixel exactly where this is not 0.

    Raises
    ------
    ValueError
        If the unit does not exist, or a window does not fit.
    """
    require_place(unit, shapes(layers, size)[-1])
    out, backward = np.zeros((1, 1, *shapes([], size)[0])), []
    for layer in layers:
        out, step = _sum_windows(layer, out)
        backward.append(step)
    dout = np.zeros(out.shape)
    dout[0, 0, unit[0], unit[1]] = 1.0
    for step in reversed(backward):
        dout = step(dout)
    return dout[0, 0]


def _sum_windows(layer, x):
    """Add up every window by a convolution; return the sums and a backward pass.

    What the workbook's convolutions cannot do alone is done around them: uneven padding
    before, and uneven strides by leaving out results.
    """
    rows, columns = layer.along(0), layer.along(1)
    w = np.zeros((1, 1, rows.reach + 1, columns.reach + 1))
    w[:, :, :: rows.dilation, :: columns.dilation] = 1.0
    if isinstance(layer.stride, int) and isinstance(layer.pad, int):
        param = {"stride": layer.stride, "pad": layer.pad}
        out, cache = conv_forward_fast(x, w, np.zeros(1), param)
        return out, lambda dout: conv_backward_fast(dout, cache)[0]

    (top, bottom), (left, right) = layer.pads
    padded = np.pad(x, ((0, 0), (0, 0), (top, bottom), (left, right)))
    every, cache = conv_forward_fast(padded, w, np.zeros(1), {"stride": 1, "pad": 0})
    kept = np.s_[:, :, :: rows.stride, :: columns.stride]

    def backward(dout):
        dense = np.zeros(every.shape)
        dense[kept] = dout
        dx = conv_backward_fast(dense, cache)[0]
        return dx[:, :, top : dx.shape[2] - bottom, left : dx.shape[3] - right]

    return every[kept], backward


def forward(layers, x, num_filters=4, seed=0):
    """Run images through a net with random filters and real max pooling.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first, without dilation.
    x : ndarray of shape (N, C, H, W)
        The images.
    num_filters : int, default 4
        Filters of each convolution, >= 1.
    seed : int, default 0
        The same seed gives the same filters.

    Returns
    -------
    ndarray of shape (N, F, H_out, W_out)
        float64, the output of the last layer.

    Raises
    ------
    ValueError
        If a layer is dilated, as the workbook's convolutions are not, or a window
        does not fit.
    """
    rng = np.random.default_rng(seed)
    out = np.asarray(x, dtype=np.float64)
    require_plain(layers)
    for layer in layers:
        m, s = layer.kernel, layer.stride
        if layer.kind == "pool":
            window = {"pool_height": m, "pool_width": m, "stride": s}
            out, _ = max_pool_forward_fast(out, window)
        else:
            w = rng.standard_normal((num_filters, out.shape[1], m, m))
            param = {"stride": s, "pad": layer.pad}
            out, _ = conv_forward_fast(out, w, np.zeros(num_filters), param)
    return out


def require_plain(layers):
    """Raise a sentence unless the workbook's layers can run these, max pooling too."""
    for k, layer in enumerate(layers, start=1):
        if not layer.is_square or isinstance(layer.pad, tuple):
            raise ValueError(
                f"Layer {k} ({layer.label}) is not alike on all sides, expected square "
                "windows and equal paddings: the workbook's layers cannot run it."
            )
        if layer.dilation > 1:
            raise ValueError(
                f"Layer {k} ({layer.label}) is dilated, expected dilation 1: the "
                "workbook's convolutions cannot run it."
            )


def field_by_nan(layers, unit, size):
    """Probe a net by spoiling one pixel after the other with a NaN.

    A unit that depends on the spoiled pixel becomes NaN, whatever the filters are and
    whoever wins in max pooling.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first, without dilation.
    unit : tuple of 2 ints
        Row and column of the unit in the last layer.
    size : int
        Side length of the image in pixels; the net runs on ``size ** 2`` images.

    Returns
    -------
    ndarray of shape (size, size)
        bool, True at the pixels the unit depends on.

    Raises
    ------
    ValueError
        If the unit does not exist, a window does not fit or a layer is dilated.
    """
    require_place(unit, shapes(layers, size)[-1])
    seen = np.zeros((size, size), dtype=bool)
    image = np.random.default_rng(0).standard_normal((size, size))
    columns = np.arange(size)
    for row in range(size):
        x = np.tile(image, (size, 1, 1, 1))  # one image per spoiled column
        x[columns, 0, row, columns] = np.nan
        out = forward(layers, x, num_filters=1)
        seen[row] = np.isnan(out[:, 0, unit[0], unit[1]])
    return seen


def random_net(rng, max_layers=5, max_size=40):
    """Draw a net of convolutions and poolings at random.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.
    max_layers : int, default 5
        Most layers, >= 1.
    max_size : int, default 40
        Largest side length of a receptive field in pixels, >= 5; larger nets are
        drawn again.

    Returns
    -------
    list of Layer
        Kernels of 1 to 5, strides of 1 to 3, paddings below the kernel size.
    """
    while True:
        layers = []
        for _ in range(rng.integers(1, max_layers + 1)):
            kernel, stride = int(rng.integers(1, 6)), int(rng.integers(1, 4))
            if rng.random() < 0.3:
                layers.append(Layer(kernel, stride, kind="pool"))
            else:
                layers.append(Layer(kernel, stride, pad=int(rng.integers(kernel))))
        if measured_size(layers) <= max_size:
            return layers
