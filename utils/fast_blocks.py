"""Given twins of whole blocks and of the affine layer, for large float32 batches.

A block that calls one layer after the other moves each map several times: out of a
convolution, through a ReLU, into the pooling.  Here convolution, ReLU and pooling share
one piece of memory, in the order that suits the processor, and only the pooled result
takes the lessons' order (N, F, H, W).  The affine layer is a matrix product in either
case; its twin keeps all cores busy.

Both are for float32 images in which there is enough to do, and the numbers differ from
those of the layers by rounding.  Everything else goes to the layers themselves.
"""

import math
from typing import NamedTuple

import numpy as np

from utils import kernels, memory
from utils.fast_layers import fits_engine
from utils.layers import affine_backward, affine_forward
from utils.shapes import conv_output_shape, pool_output_shape, require_shape

# Multiply-adds from which waking another core pays for an affine layer.
AFFINE_WORK = 2**22


class PooledCache(NamedTuple):
    """What `conv_relu_pool_backward_fast` needs of the forward pass.

    ``pooled`` and ``index`` are channels-last: the result, and where in its window each
    maximum stood.
    """

    x: np.ndarray
    w: np.ndarray
    conv_param: dict
    pooled: np.ndarray
    index: np.ndarray


def fuses_pool(x, w, b, conv_param, pool_param):
    """Tell whether `conv_relu_pool_forward_fast` takes these arguments.

    Returns
    -------
    bool
        True for large batches of float32 images and 2 x 2 windows with stride 2.

    Raises
    ------
    ValueError
        If the arguments do not fit together; see `utils.fast_layers`.
    """
    x, w = np.asarray(x), np.asarray(w)
    shape = conv_output_shape(x.shape, w.shape, conv_param)
    require_shape("b", np.asarray(b), (w.shape[0],), "one bias per filter")
    pool_output_shape(shape, pool_param)
    names = "pool_height", "pool_width", "stride"
    windows = tuple(pool_param[name] for name in names)
    return windows == (2, 2, 2) and fits_engine(x, w, shape)


def conv_relu_pool_forward_fast(x, w, b, conv_param, pool_param):
    """Convolution, ReLU, 2 x 2 max pooling in one: the fast twin of the block.

    **How it is fast.** The output of the convolution, the largest array of all, is
    pooled where it lies, and never takes the lessons' order of memory.

    Parameters
    ----------
    x, w, b, conv_param, pool_param
        As in `utils.blocks.conv_relu_pool_forward`; `fuses_pool` holds.

    Returns
    -------
    out : ndarray of shape (N, F, H_pool, W_pool)
    cache : PooledCache
    """
    x, w, b = np.asarray(x), np.asarray(w), np.asarray(b)
    shape = conv_output_shape(x.shape, w.shape, conv_param)
    memory.for_layer(x, math.prod(shape) // 2)  # pooled: out, and what the cache keeps
    out = np.empty(pool_output_shape(shape, pool_param), np.float32)
    how = shape, conv_param["stride"], conv_param["pad"]
    kept = kernels.convolution.forward_pooled(x, w, b, out, *how)
    return out, PooledCache(x, w, dict(conv_param), *kept)


def conv_relu_pool_backward_fast(dout, cache):
    """Backward pass of `conv_relu_pool_forward_fast`: ``dx, dw, db``.

    Raises
    ------
    ValueError
        If ``dout`` has not the shape of the forward pass's output.
    """
    x, w, conv_param, pooled, index = cache
    N, H, W, _ = pooled.shape
    dout = np.asarray(dout)
    expected = N, len(w), H, W
    require_shape("dout", dout, expected, "the shape of the layer's out")
    shape = conv_output_shape(x.shape, w.shape, conv_param)
    how = shape, conv_param["stride"], conv_param["pad"]
    return kernels.convolution.backward_pooled(dout, x, w, pooled, index, *how)


def affine_forward_fast(x, w, b):
    """Fully connected layer: the fast twin of `utils.layers.affine_forward`.

    **How it is fast.** Behind a convolution the weights are a matrix of many rows, of
    which each number is used once per image only, so the time goes into moving them.
    Every core moves a part of them, once.

    Parameters
    ----------
    x, w, b : ndarrays
        As in `utils.layers.affine_forward`.

    Returns
    -------
    out, cache
        As there, and the same errors.
    """
    if not _fits_affine(x, w, b) or x[0].size != len(w) or b.shape != w.shape[1:]:
        return affine_forward(x, w, b)
    out = np.empty((len(x), w.shape[1]), np.float32)
    kernels.affine.forward(x.reshape(len(x), -1), w, b, out)
    return out, (x, w, b)


def affine_backward_fast(dout, cache):
    """Backward pass of `affine_forward_fast`: ``dx, dw, db``.

    Parameters
    ----------
    dout, cache
        As in `utils.layers.affine_backward`.

    Returns
    -------
    dx, dw, db : ndarrays
        As there.
    """
    x, w, b = cache
    if not _fits_affine(x, w, b, dout) or dout.shape != (len(x), w.shape[1]):
        return affine_backward(dout, cache)
    flat = x.reshape(len(x), -1)
    dx, dw, db = (np.empty_like(array, subok=False) for array in (flat, w, b))
    kernels.affine.backward_data(dout, w, dx)
    kernels.affine.backward_weights(flat, dout, dw, db)
    return dx.reshape(x.shape), dw, db


def _fits_affine(x, w, *others):
    """Tell whether an affine layer is worth a kernel, and its arrays fit."""
    if w.ndim != 2 or x.ndim < 2 or len(x) * w.size < AFFINE_WORK:
        return False
    arrays = x, w, *others
    usual = all(a.dtype == np.float32 and a.flags.carray for a in arrays)
    if not usual or not kernels.compiles():
        return False
    return len(w) % kernels.lanes.LANES == 0 and kernels.affine.suits(w.shape[1])
