"""How much of its receptive field a unit really uses, measured with gradients.

Given code for Receptive-Fields.ipynb.  A receptive field says which pixels *can* matter
to a unit.  The gradient for given images and filters says which ones do, and how much:
`gradient` asks the workbook's own layers, maximum and ReLU included.
"""

import numpy as np

from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
)
from utils.layers import relu_backward, relu_forward
from utils.receptive_field import require_place, uncut
from utils.receptive_field_probe import path_counts, require_plain

# The part of a normal distribution outside of two standard deviations: what is weaker
# than this part of the middle is left out of the effective field (Luo et al., 2016).
FAINT = 0.0455


def gradient(layers, x, unit, num_filters=8, relu=False, filters="random", seed=0):
    """Differentiate one unit of the last layer with respect to the pixels of images.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first, without dilation.
    x : ndarray of shape (N, C, H, W)
        The images.
    unit : (int, int)
        Row and column of the unit; the sum over its channels is differentiated.
    num_filters : int, default 8
        Filters of each convolution.
    relu : bool, default False
        Whether a ReLU follows each convolution.
    filters : str, default "random"
        ``"random"``: normal, with the variance that keeps gradients alike in size;
        ``"ones"``: every weight is 1, and so is the number of filters.
    seed : int, default 0
        The same seed gives the same filters.

    Returns
    -------
    ndarray of shape (N, C, H, W)

    Raises
    ------
    ValueError
        If a layer is dilated or not square, a window does not fit, the unit does not
        exist, or ``filters`` is something else.
    """
    if filters not in ("random", "ones"):
        raise ValueError(f"filters is {filters!r}, expected 'random' or 'ones'.")
    require_plain(layers)
    rng, steps = np.random.default_rng(seed), []
    num_filters = 1 if filters == "ones" else num_filters
    out = np.asarray(x, dtype=np.float64)
    for layer in layers:
        m, s = layer.kernel, layer.stride
        if layer.kind == "pool":
            window = {"pool_height": m, "pool_width": m, "stride": s}
            out, cache = max_pool_forward_fast(out, window)
            steps.append((max_pool_backward_fast, cache))
            continue
        shape = num_filters, out.shape[1], m, m
        w = np.ones(shape) if filters == "ones" else rng.standard_normal(shape)
        w /= m if filters == "ones" else m * np.sqrt(num_filters)
        param = {"stride": s, "pad": layer.pad}
        out, cache = conv_forward_fast(out, w, np.zeros(num_filters), param)
        steps.append((_images_only, cache))
        if relu:
            out, cache = relu_forward(out)
            steps.append((relu_backward, cache))
    require_place(unit, out.shape[2:])
    dout = np.zeros(out.shape)
    dout[:, :, unit[0], unit[1]] = 1.0
    for backward, cache in reversed(steps):
        dout = backward(dout, cache)
    return dout


def influence(layers, runs=10, relu=False, seed=0):
    """Average how strongly each pixel of its field moves a unit, over random filters.

    Parameters
    ----------
    layers : sequence of Layer
        The net, first layer first, without dilation.
    runs : int, default 10
        Drawings of filters and of an image; with 0, all weights are 1 and the result
        is exact: the number of paths.
    relu : bool, default False
        Whether a ReLU follows each convolution.
    seed : int, default 0
        Seed of filters and images.

    Returns
    -------
    ndarray of shape (size, size)
        Mean absolute gradient of a unit whose field no border cuts; the strongest
        pixel has 1.
    """
    size, unit = uncut(layers)
    rng = np.random.default_rng(seed)
    total = np.zeros((size, size))
    for run in range(runs):
        x = rng.standard_normal((1, 1, size, size))
        dx = gradient(layers, x, (unit, unit), relu=relu, seed=(seed, run))
        total += np.abs(dx).sum(axis=(0, 1))
    if runs == 0:
        total = path_counts(layers, (unit, unit), size)
    return total / total.max()


def deviation(weights):
    """Give the standard deviation of a map along its rows, in pixels.

    Parameters
    ----------
    weights : ndarray of shape (H, W)
        What counts how much, >= 0.

    Returns
    -------
    float
    """
    profile = weights.sum(axis=0) / weights.sum()
    places = np.arange(len(profile))
    mean = profile @ places
    return float(np.sqrt(profile @ (places - mean) ** 2))


def effective_side(weights):
    """Measure a map as the side length of a square with as many pixels as matter.

    Parameters
    ----------
    weights : ndarray of shape (H, W)
        What counts how much, >= 0.

    Returns
    -------
    float
        Square root of the number of pixels above 4.55 % of the strongest one.
    """
    return float(np.sqrt(np.sum(weights > FAINT * weights.max())))


def _images_only(dout, cache):
    return conv_backward_fast(dout, cache)[0]
