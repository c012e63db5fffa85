"""Fully connected layers, ReLU, dropout and the softmax loss, in plain numpy.

Given code: every forward pass stands right above its backward pass.  A forward
pass returns ``(out, cache)``; the backward pass takes the gradient of the loss with
respect to ``out`` and that cache, and returns the gradients of the inputs.  The
gradient of an array always has the shape of that array.
"""

import numbers

import numpy as np

from utils.shapes import require_shape

OUT = "the shape of the layer's out"


def affine_forward(x, w, b):
    """Multiply every flattened input by a weight matrix and add a bias.

        out[n] = x[n].reshape(D) @ w + b

    Parameters
    ----------
    x : ndarray of shape (N, d_1, ..., d_k)
        N inputs with ``D = d_1 * ... * d_k`` values each.
    w : ndarray of shape (D, M)
        Weights.
    b : ndarray of shape (M,)
        One bias per output.

    Returns
    -------
    out : ndarray of shape (N, M)
    cache : tuple
        ``(x, w, b)``.

    Raises
    ------
    ValueError
        If D does not match ``w``, or ``b`` does not match M.
    """
    D = int(np.prod(x.shape[1:]))
    if w.ndim != 2 or w.shape[0] != D:
        raise ValueError(
            f"w has shape {w.shape}, expected ({D}, M): each input of x, shape "
            f"{x.shape}, has {D} values."
        )
    if b.shape != w.shape[1:]:
        raise ValueError(
            f"b has shape {b.shape}, expected {w.shape[1:]}: one bias per column of w."
        )
    out = x.reshape(x.shape[0], D) @ w + b  # (N, M)
    return out, (x, w, b)


def affine_backward(dout, cache):
    """Backward pass of `affine_forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, M)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        ``(x, w, b)`` from the forward pass.

    Returns
    -------
    dx, dw, db : ndarrays
        Gradients with the shapes of ``x``, ``w`` and ``b``.

    Raises
    ------
    ValueError
        If ``dout`` has not the shape of ``out``, as in all backward passes here.
    """
    x, w, _ = cache
    require_shape("dout", dout, (x.shape[0], w.shape[1]), OUT)
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(x.shape[0], w.shape[0]).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def relu_forward(x):
    """Set negative values to zero: ``out = max(x, 0)``.

    Parameters
    ----------
    x : ndarray of any shape

    Returns
    -------
    out : ndarray of the same shape and dtype
    cache : ndarray
        ``x`` itself.
    """
    return np.maximum(x, 0), x


def relu_backward(dout, cache):
    """Backward pass of `relu_forward`; the gradient at exactly 0 is 0.

    Parameters
    ----------
    dout : ndarray of any shape
        Gradient of the loss with respect to ``out``.
    cache : ndarray
        ``x`` from the forward pass.

    Returns
    -------
    dx : ndarray of the same shape and dtype
    """
    require_shape("dout", dout, cache.shape, OUT)
    return dout * (cache > 0)


def dropout_forward(x, dropout_param):
    """Inverted dropout: keep each value with probability p, and scale it by 1 / p.

    Parameters
    ----------
    x : ndarray of any shape
    dropout_param : dict
        ``p``, float in (0, 1], the probability of **keeping** a value; ``mode``,
        ``"train"`` or ``"test"`` (nothing is dropped in test mode); optional
        ``seed``, int, which makes the pass repeatable for gradient checks.

    Returns
    -------
    out : ndarray of the same shape
        Same dtype as ``x`` (float64 if those are whole numbers); in test mode ``x``
        itself.
    cache : tuple
        ``(dropout_param, mask)``; the mask is None in test mode.

    Raises
    ------
    ValueError
        If ``p`` or ``mode`` is not one of the values above.

    References
    ----------
    .. [1] N. Srivastava et al., "Dropout: a simple way to prevent neural networks
       from overfitting", JMLR 15, 2014, section 10 (scaling at training time).
    """
    p, mode = dropout_param.get("p"), dropout_param.get("mode")
    if not isinstance(p, numbers.Real) or not 0 < p <= 1:
        raise ValueError(f"dropout_param['p'] is {p!r}, expected 0 < p <= 1.")
    if mode not in ("train", "test"):
        raise ValueError(
            f"dropout_param['mode'] is {mode!r}, expected 'train' or 'test'."
        )
    if mode == "test":
        return x, (dropout_param, None)
    rng = np.random.default_rng(dropout_param.get("seed"))
    # The mask in x's dtype keeps a float32 network in float32.
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    mask = (rng.random(x.shape) < p).astype(dtype) / dtype.type(p)
    return x * mask, (dropout_param, mask)


def dropout_backward(dout, cache):
    """Backward pass of `dropout_forward`.

    Parameters
    ----------
    dout : ndarray of any shape
        Gradient of the loss with respect to ``out``.
    cache : tuple
        ``(dropout_param, mask)`` from the forward pass.

    Returns
    -------
    dx : ndarray of the same shape and dtype
    """
    _, mask = cache
    if mask is None:
        return dout
    require_shape("dout", dout, mask.shape, OUT)
    return dout * mask


def softmax_loss(x, y):
    """Average cross-entropy of softmax scores, and its gradient.

        loss = -1/N * sum over n of log(exp(x[n, y[n]]) / sum over c of exp(x[n, c]))

    Parameters
    ----------
    x : ndarray of shape (N, C)
        Scores of N inputs for C classes.
    y : ndarray of shape (N,), integer
        The right class of each input, 0 <= y < C.

    Returns
    -------
    loss : float
    dx : ndarray of shape (N, C)
        Gradient of the loss with respect to ``x``, same dtype as ``x`` (float64 if
        those are whole numbers).

    Raises
    ------
    ValueError
        If ``x`` is not a matrix, there is not one label per row, or a label is not a
        class.
    """
    if x.ndim != 2:
        raise ValueError(f"x has shape {x.shape}, expected (N, C): scores per class.")
    N, C = x.shape
    y = np.asarray(y)
    if y.shape != (N,):
        raise ValueError(f"y has shape {y.shape}, expected ({N},): one label per row.")
    if N == 0:
        raise ValueError("x has no rows: the average loss of no inputs is undefined.")
    if not np.issubdtype(y.dtype, np.integer):
        raise ValueError(f"y has dtype {y.dtype}, expected integers 0 to {C - 1}.")
    if y.min() < 0 or y.max() >= C:
        raise ValueError(
            f"y holds labels from {y.min()} to {y.max()}, expected 0 to {C - 1}."
        )
    x = x if x.dtype.kind == "f" else x.astype(float)  # whole numbers would overflow
    shifted = x - x.max(axis=1, keepdims=True)  # the largest exponent becomes exp(0)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -float(log_p[np.arange(N), y].mean())
    dx = np.exp(log_p)
    dx[np.arange(N), y] -= 1
    dx /= N
    return loss, dx
