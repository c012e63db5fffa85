"""Convolution and max-pooling layers, written as plain loops.

Exercise module for CNN-Layers.ipynb (40 points).  This file is yours to edit.
Nothing that is provided imports it, so an unfinished function here can never break
another notebook.
"""

import numpy as np

from utils.shapes import conv_output_shape, pool_output_shape


def conv_forward_naive(x, w, b, conv_param):
    """Slide every filter over every image: the forward pass of a conv layer.

    Each output value is the dot product of one filter with one window of the
    zero-padded input, plus that filter's bias:

        out[n, f, i, j] = b[f] + sum over c, p, q of
            w[f, c, p, q] * x_padded[n, c, i * stride + p, j * stride + q]

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        N images with C channels, H pixels high and W pixels wide.
    w : ndarray of shape (F, C, HH, WW)
        F filters, each HH by WW pixels, one slice per input channel.
    b : ndarray of shape (F,)
        One bias per filter.
    conv_param : dict
        ``stride``, int >= 1, the step between windows in pixels, and ``pad``,
        int >= 0, the zeros added on each of the four sides in pixels.

    Returns
    -------
    out : ndarray of shape (N, F, H_out, W_out)
        ``H_out = 1 + (H + 2 * pad - HH) // stride``, likewise ``W_out``; same dtype
        as ``x``.  Pixels left over at the end, where windows do not tile the image,
        are not covered.
    cache : tuple
        ``(x, w, b, conv_param)``, what `conv_backward_naive` needs.

    Raises
    ------
    ValueError
        If ``x`` and ``w`` disagree on C, or a filter does not fit into the padded
        image (raised by `utils.shapes.conv_output_shape`).

    See Also
    --------
    utils.fast_layers.conv_forward_fast : the same function as one matrix product.

    References
    ----------
    .. [1] V. Dumoulin and F. Visin, "A guide to convolution arithmetic for deep
       learning", arXiv:1603.07285, 2016, relationship 6.

    Examples
    --------
    >>> x = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> w = np.ones((1, 1, 2, 2))
    >>> out, _ = conv_forward_naive(x, w, np.zeros(1), {"stride": 1, "pad": 0})
    >>> out[0, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """
    N, F, H_out, W_out = conv_output_shape(x.shape, w.shape, conv_param)
    stride, pad = conv_param["stride"], conv_param["pad"]
    out = np.zeros((N, F, H_out, W_out), dtype=x.dtype)
    # Hint: np.pad adds the zeros; then cut out one window per output pixel.
    # BEGIN SOLUTION
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x_padded[n, :, top : top + HH, left : left + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out, (x, w, b, conv_param)
    # END SOLUTION


def conv_backward_naive(dout, cache):
    """Backward pass of `conv_forward_naive`.

    Every output value was a sum of products, so its gradient flows back to each
    factor of each product.  Going over all n, f, i, j:

        db[f]          += dout[n, f, i, j]
        dw[f]          += dout[n, f, i, j] * (the window under i, j)
        (that window of dx_padded) += dout[n, f, i, j] * w[f]

    Parameters
    ----------
    dout : ndarray of shape (N, F, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        ``(x, w, b, conv_param)`` from the forward pass.

    Returns
    -------
    dx, dw, db : ndarrays
        Gradients with the shapes and dtypes of ``x``, ``w`` and ``b``.

    See Also
    --------
    utils.fast_layers.conv_backward_fast : the same function as matrix products.

    Examples
    --------
    Every pixel of the first window is multiplied by the same weight, 2:

    >>> x, w = np.ones((1, 1, 2, 2)), np.full((1, 1, 2, 2), 2.0)
    >>> _, cache = conv_forward_naive(x, w, np.zeros(1), {"stride": 1, "pad": 0})
    >>> dx, dw, db = conv_backward_naive(np.full((1, 1, 1, 1), 5.0), cache)
    >>> dx[0, 0]
    array([[10., 10.],
           [10., 10.]])
    >>> db
    array([5.])
    """
    x, w, b, conv_param = cache
    stride, pad = conv_param["stride"], conv_param["pad"]
    N, F, H_out, W_out = dout.shape
    # Hint: windows overlap, so add to dx_padded; and cut the padding off at the end
    # in a way that also works when pad is 0.
    # BEGIN SOLUTION
    H, W = x.shape[2:]
    HH, WW = w.shape[2:]
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx_padded = np.zeros_like(x_padded)
    dw, db = np.zeros_like(w), np.zeros_like(b)
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    rows = slice(i * stride, i * stride + HH)
                    columns = slice(j * stride, j * stride + WW)
                    db[f] += dout[n, f, i, j]
                    dw[f] += dout[n, f, i, j] * x_padded[n, :, rows, columns]
                    dx_padded[n, :, rows, columns] += dout[n, f, i, j] * w[f]
    return dx_padded[:, :, pad : pad + H, pad : pad + W], dw, db
    # END SOLUTION


def max_pool_forward_naive(x, pool_param):
    """Keep the largest value of every window of every channel.

        out[n, c, i, j] = max over p, q of x[n, c, i * stride + p, j * stride + q]

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        N images with C channels, H pixels high and W pixels wide.
    pool_param : dict
        ``pool_height`` and ``pool_width``, ints >= 1, the size of the window in
        pixels, and ``stride``, int >= 1, the step between windows in pixels.
        Windows overlap where the stride is smaller than the window.

    Returns
    -------
    out : ndarray of shape (N, C, H_out, W_out)
        ``H_out = 1 + (H - pool_height) // stride``, likewise ``W_out``; same dtype
        as ``x``.
    cache : tuple
        ``(x, pool_param)``, what `max_pool_backward_naive` needs.

    Raises
    ------
    ValueError
        If the window is larger than the image (raised by
        `utils.shapes.pool_output_shape`).

    See Also
    --------
    utils.fast_layers.max_pool_forward_fast : the same function, compiled.

    Examples
    --------
    >>> x = np.array([[1.0, 5.0, 2.0], [4.0, 3.0, 0.0], [7.0, 6.0, 8.0]])
    >>> pool_param = {"pool_height": 2, "pool_width": 2, "stride": 1}
    >>> out, _ = max_pool_forward_naive(x.reshape(1, 1, 3, 3), pool_param)
    >>> out[0, 0]
    array([[5., 5.],
           [7., 8.]])
    """
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    out = np.zeros((N, C, H_out, W_out), dtype=x.dtype)
    # BEGIN SOLUTION
    for i in range(H_out):
        for j in range(W_out):
            top, left = i * stride, j * stride
            window = x[:, :, top : top + height, left : left + width]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out, (x, pool_param)
    # END SOLUTION


def max_pool_backward_naive(dout, cache):
    """Backward pass of `max_pool_forward_naive`.

    Only the largest value of a window influenced the output, so only that pixel
    receives the window's gradient.  If several are equally large, the first one in
    row-major order receives it all (another share is right, too, if it sums to
    ``dout``).  A pixel that is the maximum of several windows collects from each.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        ``(x, pool_param)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        Gradient of the loss with respect to ``x``.

    See Also
    --------
    utils.fast_layers.max_pool_backward_fast : the same function, compiled.

    Examples
    --------
    >>> x = np.array([[1.0, 5.0, 2.0], [4.0, 3.0, 0.0], [7.0, 6.0, 8.0]])
    >>> pool_param = {"pool_height": 2, "pool_width": 2, "stride": 1}
    >>> _, cache = max_pool_forward_naive(x.reshape(1, 1, 3, 3), pool_param)
    >>> max_pool_backward_naive(np.ones((1, 1, 2, 2)), cache)[0, 0]
    array([[0., 2., 0.],
           [0., 0., 0.],
           [1., 0., 1.]])
    """
    x, pool_param = cache
    height, width = pool_param["pool_height"], pool_param["pool_width"]
    stride = pool_param["stride"]
    N, C, H_out, W_out = dout.shape
    dx = np.zeros_like(x)
    # Hint: np.argmax gives the first maximum; np.unravel_index turns it into p, q.
    # BEGIN SOLUTION
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    window = x[n, c, top : top + height, left : left + width]
                    p, q = np.unravel_index(np.argmax(window), window.shape)
                    dx[n, c, top + p, left + q] += dout[n, c, i, j]
    return dx
    # END SOLUTION
