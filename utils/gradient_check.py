"""Gradients by finite differences, and how far two arrays are apart.

A backward pass is right when it agrees with what the forward pass does if one input
number after the other is nudged a little:

    df/dx[k] = (f(x + h e_k) - f(x - h e_k)) / (2 h) + O(h ** 2)

This central difference needs two forward passes per number, so it is for tiny
arrays only; the arithmetic is done in float64 whatever the dtype of ``x``.
"""

import math

import numpy as np


def numerical_gradient(f, x, h=1e-5):
    """Estimate the gradient of a scalar function by central differences.

    Parameters
    ----------
    f : callable
        ``f(x)`` returns one number.  It gets a fresh float64 array every time, so it
        may keep or change it.
    x : ndarray of any shape and memory order
        Where to take the gradient; left as it is.
    h : float, default 1e-5
        Step, in units of ``x``.  The error is about ``h ** 2`` from cutting off the
        series plus ``1e-16 / h`` from rounding, so much smaller is worse.

    Returns
    -------
    ndarray of float64, of the shape of ``x``

    Raises
    ------
    ValueError
        If ``f(x)`` is not one number, ``h`` is not positive, or ``x`` is not real.

    Examples
    --------
    >>> gradient = numerical_gradient(lambda x: (x**2).sum(), np.array([1.0, -3.0]))
    >>> gradient.round(6)
    array([ 2., -6.])
    """

    def scalar(x):
        value = np.asarray(f(x), dtype=np.float64)
        if value.size != 1:
            raise ValueError(
                f"f(x) has shape {value.shape}, expected one number; for functions "
                "that return arrays there is numerical_gradient_array."
            )
        return value.reshape(())

    return numerical_gradient_array(scalar, x, np.ones(()), h)


def numerical_gradient_array(f, x, dout, h=1e-5):
    """Estimate the gradient of ``sum(f(x) * dout)`` by central differences.

    This is what a backward pass returns for ``x`` when ``dout`` comes in from above.

    Parameters
    ----------
    f : callable
        ``f(x)`` returns an array (or a number).  It gets a fresh float64 array every
        time, so it may keep or change it; its output is copied, so it may return the
        same array every time.
    x : ndarray of any shape and memory order
        Where to take the gradient; left as it is.
    dout : ndarray of the shape of ``f(x)``
        Weight of each output.
    h : float, default 1e-5
        Step, see `numerical_gradient`.

    Returns
    -------
    ndarray of float64, of the shape of ``x``

    Raises
    ------
    ValueError
        If ``f(x)`` has not the shape of ``dout``, ``h`` is not positive, or ``x`` or
        ``dout`` is not real.
    """
    if not h > 0:
        raise ValueError(f"h is {h!r}, expected a small positive step such as 1e-5.")
    x, dout = _real("x", x), _real("dout", dout)
    gradient = np.empty(x.shape)
    for index in np.ndindex(x.shape):
        plus, minus = x.copy(order="K"), x.copy(order="K")
        plus[index] += h
        minus[index] -= h
        step = plus[index] - minus[index]  # what 2 h became after rounding
        difference = _output(f, plus, dout) - _output(f, minus, dout)
        gradient[index] = np.sum(difference * dout) / step
    return gradient


def directional_derivative(f, x, direction, dout, h=1e-3, n=1):
    """Estimate how fast ``sum(f(x) * dout)`` changes along a direction.

    Central differences with the steps ``h``, ``h / 2`` and ``h / 4`` are combined in
    pairs into two whose errors are O(h ** 4) (Richardson); how far these lie apart
    tells how good they are.  Six calls of ``f`` do, however many numbers ``x`` has.

    Parameters
    ----------
    f : callable
        ``f(x)`` returns an array (or a number); see `numerical_gradient_array`.
    x : ndarray of any shape
        Where to take the derivative; left as it is.
    direction : ndarray of the shape of ``x``
        Where to go; ``x`` moves by ``h * direction`` at most.
    dout : ndarray of the shape of ``f(x)``
        Weight of each output.
    h : float, default 1e-3
        Largest step.
    n : int, default 1
        How many roundings each output may have gone through.

    Returns
    -------
    slope, uncertainty : float
        For a smooth function, the true slope is about within ``uncertainty``.

    Raises
    ------
    ValueError
        If shapes differ, ``h`` is not positive, or an array is not real.

    Examples
    --------
    >>> x, along = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    >>> slope, _ = directional_derivative(lambda x: x**3, x, along, np.ones(2))
    >>> round(slope, 9)
    -9.0
    """
    if not h > 0:
        raise ValueError(f"h is {h!r}, expected a small positive step such as 1e-3.")
    x, dout = _real("x", x), _real("dout", dout)
    direction = _real("direction", direction)
    if direction.shape != x.shape:
        raise ValueError(
            f"direction has shape {direction.shape}, but x has shape {x.shape}; "
            "they must be equal."
        )
    slopes = []
    for step in (h, h / 2, h / 4):
        ahead = _output(f, x + step * direction, dout)
        behind = _output(f, x - step * direction, dout)
        slopes.append(float(np.sum((ahead - behind) * dout)) / (2 * step))
    size = float(np.sum((np.abs(ahead) + np.abs(behind)) * np.abs(dout)))
    rounding = n * np.finfo(np.float64).eps / 2 * size / (2 * step)
    coarse, fine = ((4 * b - a) / 3 for a, b in zip(slopes, slopes[1:], strict=False))
    return fine, abs(fine - coarse) + rounding


def relative_error(got, expected):
    """Measure how far two arrays are apart, on the scale of their largest numbers.

        max |got - expected| / max(|got| + |expected|)

    Both maxima run over the whole tensor.  (Dividing element by element instead
    makes a rounding error look large wherever the true value happens to be tiny.)

    Parameters
    ----------
    got, expected : ndarrays of one and the same shape
        What is judged, and what it should be.

    Returns
    -------
    float
        0.0 if the arrays are equal, 1.0 if one of them is all zero, and ``inf``
        (which passes no limit) if either holds a NaN or an infinity.

    Raises
    ------
    ValueError
        If the shapes differ (nothing is broadcast) or an array is not real.

    Examples
    --------
    >>> relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    0.0
    >>> round(relative_error(np.array([1.0, 3.0]), np.array([1.0, 2.0])), 3)
    0.2
    """
    got, expected = _real("got", got), _real("expected", expected)
    if got.shape != expected.shape:
        raise ValueError(
            f"got has shape {got.shape}, expected has shape {expected.shape}; "
            "they must be equal."
        )
    if not (np.isfinite(got).all() and np.isfinite(expected).all()):
        return math.inf
    scale = max(np.abs(got).max(initial=0.0), np.abs(expected).max(initial=0.0))
    if scale == 0:
        return 0.0
    got, expected = got / scale, expected / scale  # keeps 1e308 from overflowing
    return float(np.abs(got - expected).max() / (np.abs(got) + np.abs(expected)).max())


def _real(name, value):
    value = np.asarray(value)
    if value.dtype.kind not in "fiub":
        raise ValueError(f"{name} has dtype {value.dtype}, expected real numbers.")
    return value.astype(np.float64, order="K", copy=False)


def _output(f, x, dout):
    # A copy, because f may write its next output into the same array.
    out = np.array(f(x), dtype=np.float64)
    if out.shape != dout.shape:
        raise ValueError(
            f"f(x) has shape {out.shape}, but dout has shape {dout.shape}; "
            "they must be equal."
        )
    return out
