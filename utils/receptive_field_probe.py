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
from utils.receptive_field import Layer, measured_size, require_unit, unit_counts


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
    size : int
        Side length of the image in pixels.

    Returns
    -------
    ndarray of shape (size, size)
        float64; the unit depends on a pixel exactly where this is not 0.

    Raises
    ------
    ValueError
        If the unit does not exist, or a window does not fit.
    """
    require_unit(unit, unit_counts(layers, size)[-1])
    out, caches = np.zeros((1, 1, size, size)), []
    for layer in layers:
        w = np.zeros((1, 1, layer.reach + 1, layer.reach + 1))
        w[:, :, :: layer.dilation, :: layer.dilation] = 1.0
        param = {"stride": layer.stride, "pad": layer.pad}
        out, cache = conv_forward_fast(out, w, np.zeros(1), param)
        caches.append(cache)
    dout = np.zeros(out.shape)
    dout[0, 0, unit[0], unit[1]] = 1.0
    for cache in reversed(caches):
        dout, _, _ = conv_backward_fast(dout, cache)
    return dout[0, 0]


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
    for k, layer in enumerate(layers, start=1):
        m, s = layer.kernel, layer.stride
        if layer.dilation > 1:
            raise ValueError(
                f"Layer {k} ({layer.label}) is dilated, expected dilation 1: the "
                "workbook's convolutions cannot run it."
            )
        if layer.kind == "pool":
            window = {"pool_height": m, "pool_width": m, "stride": s}
            out, _ = max_pool_forward_fast(out, window)
        else:
            w = rng.standard_normal((num_filters, out.shape[1], m, m))
            param = {"stride": s, "pad": layer.pad}
            out, _ = conv_forward_fast(out, w, np.zeros(num_filters), param)
    return out


def field_by_nan(layers, unit, size, seed=0):
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
    seed : int, default 0
        Seed of the images and of the filters.

    Returns
    -------
    ndarray of shape (size, size)
        bool, True at the pixels the unit depends on.

    Raises
    ------
    ValueError
        If the unit does not exist, a window does not fit or a layer is dilated.
    """
    require_unit(unit, unit_counts(layers, size)[-1])
    seen = np.zeros((size, size), dtype=bool)
    image = np.random.default_rng(seed).standard_normal((size, size))
    columns = np.arange(size)
    for row in range(size):
        x = np.tile(image, (size, 1, 1, 1))  # one image per spoiled column
        x[columns, 0, row, columns] = np.nan
        out = forward(layers, x, num_filters=1, seed=seed)
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
