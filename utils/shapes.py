"""The one output-size formula of the workbook, and every error about shapes.

The naive layers, the fast layers and the checks all ask this module, so they can
never disagree about how large an output is or which inputs are refused.
"""

import numbers
from collections.abc import Mapping


def output_size(size, window, stride, pad=0, axis=""):
    """Count the positions of a sliding window along one axis.

        1 + floor((size + 2 * pad - window) / stride)

    Where the windows do not tile the padded input exactly, the pixels left over at
    the end are not covered by any window (floor, as every framework does).

    Parameters
    ----------
    size : int
        Length of the input along this axis, in pixels.
    window : int
        Length of the window along this axis, in pixels, >= 1.
    stride : int
        Step from one window to the next, in pixels, >= 1.
    pad : int, default 0
        Zeros added at either end, in pixels, >= 0.
    axis : str, default ""
        What to call the axis in an error, for example ``"height"``.

    Returns
    -------
    int
        Number of window positions, >= 1.

    Raises
    ------
    ValueError
        If the window is larger than the padded input, or a number is too small.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep
       learning", arXiv:1603.07285, 2016, relationship 6.

    Examples
    --------
    >>> output_size(32, window=3, stride=2, pad=1)
    16
    """
    for name, value, least in (
        ("window", window, 1),
        ("stride", stride, 1),
        ("pad", pad, 0),
    ):
        if value < least:
            raise ValueError(f"{name} is {value}, expected at least {least} pixel.")
    padded = size + 2 * pad
    if window > padded:
        what = f" {axis}" if axis else ""
        raise ValueError(
            f"The window{what} is {window}, but the padded input{what} is only "
            f"{padded} ({size} + 2 * pad with pad = {pad}); a window must fit inside."
        )
    return 1 + (padded - window) // stride


def conv_output_shape(x_shape, w_shape, conv_param):
    """Give the shape of a convolution's output, or say what does not fit.

    Parameters
    ----------
    x_shape : tuple of 4 ints
        ``(N, C, H, W)``: images, channels, height and width in pixels.
    w_shape : tuple of 4 ints
        ``(F, C, HH, WW)``: filters, channels, filter height and width in pixels.
    conv_param : dict
        ``stride``, int >= 1, and ``pad``, int >= 0, both in pixels.

    Returns
    -------
    tuple of 4 ints
        ``(N, F, H_out, W_out)``.

    Raises
    ------
    ValueError
        If a shape has not four entries, ``x`` and ``w`` disagree on C, a parameter
        is missing or out of range, or a filter does not fit into the padded image.

    Examples
    --------
    >>> conv_output_shape((2, 3, 32, 32), (8, 3, 7, 7), {"stride": 1, "pad": 3})
    (2, 8, 32, 32)
    """
    N, C, H, W = _four(x_shape, "x", "(N, C, H, W)")
    F, C_w, HH, WW = _four(w_shape, "w", "(F, C, HH, WW)")
    if C != C_w:
        raise ValueError(
            f"x has {C} channels (shape {tuple(x_shape)}), but each filter of w has "
            f"{C_w} (shape {tuple(w_shape)}); the two must be equal."
        )
    _at_least_one(HH, "w's height HH")
    _at_least_one(WW, "w's width WW")
    stride = _whole(conv_param, "conv_param", "stride", least=1)
    pad = _whole(conv_param, "conv_param", "pad", least=0)
    H_out = output_size(H, HH, stride, pad, "height")
    W_out = output_size(W, WW, stride, pad, "width")
    return N, F, H_out, W_out


def pool_output_shape(x_shape, pool_param):
    """Give the shape of a pooling layer's output, or say what does not fit.

    Parameters
    ----------
    x_shape : tuple of 4 ints
        ``(N, C, H, W)``: images, channels, height and width in pixels.
    pool_param : dict
        ``pool_height``, ``pool_width`` and ``stride``, all ints >= 1, in pixels.

    Returns
    -------
    tuple of 4 ints
        ``(N, C, H_out, W_out)``.

    Raises
    ------
    ValueError
        If ``x_shape`` has not four entries, a parameter is missing or out of range,
        or the window does not fit into the image.

    Examples
    --------
    >>> pool = {"pool_height": 3, "pool_width": 3, "stride": 2}
    >>> pool_output_shape((1, 4, 9, 8), pool)
    (1, 4, 4, 3)
    """
    N, C, H, W = _four(x_shape, "x", "(N, C, H, W)")
    height = _whole(pool_param, "pool_param", "pool_height", least=1)
    width = _whole(pool_param, "pool_param", "pool_width", least=1)
    stride = _whole(pool_param, "pool_param", "stride", least=1)
    H_out = output_size(H, height, stride, axis="height")
    W_out = output_size(W, width, stride, axis="width")
    return N, C, H_out, W_out


def require_shape(name, array, expected, why):
    """Raise a sentence unless ``array`` has exactly the expected shape.

    Parameters
    ----------
    name : str
        The argument's name, as the caller knows it.
    array : ndarray
        What was given.
    expected : tuple of ints
        The shape it must have.
    why : str
        Where the expected shape comes from, for example ``"one bias per filter"``.

    Raises
    ------
    ValueError
        If the shapes differ; broadcasting is never attempted.
    """
    if tuple(array.shape) != tuple(expected):
        raise ValueError(
            f"{name} has shape {tuple(array.shape)}, expected {tuple(expected)}: {why}."
        )


def _four(shape, name, meaning):
    if len(shape) != 4:
        raise ValueError(
            f"{name} has shape {tuple(shape)} with {len(shape)} axes, expected "
            f"4 axes {meaning}."
        )
    return shape


def _whole(param, param_name, key, least):
    """Read one integer of a parameter dictionary; True and 1.0 are not integers."""
    if not isinstance(param, Mapping):
        raise ValueError(f"{param_name} is {param!r}, expected a dictionary.")
    if key not in param:
        raise ValueError(
            f"{param_name} has no entry {key!r} (it has {sorted(param)}); "
            f"expected an int >= {least}."
        )
    value = param[key]
    is_int = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_int or value < least:
        raise ValueError(
            f"{param_name}[{key!r}] is {value!r}, expected an int >= {least}."
        )
    return int(value)


def _at_least_one(value, name):
    if value < 1:
        raise ValueError(f"{name} is {value}, expected at least 1 pixel.")
