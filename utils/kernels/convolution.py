"""Convolution for the lessons: (N, C, H, W) in and out, the fast kernels in between.

The lessons' images go through four steps: to channels-last (`layout`), through the
algorithm that suits the filters, and back.  The conversions read and write each number
once.  Everything is computed in float32, whatever comes in; float64, which wants to
stay exact, goes elsewhere (`utils.fast_layers`).

========================  ====================================================
3 x 3, stride 1 or 2      `winograd`: fewer multiplications, in two dimensions
3, 5 or 7 wide, an image  `narrow`: fewer multiplications along the width
everything else           `direct`: the definition, with all sums in registers
========================  ====================================================

Images that lie channels-last in memory already (a transposed view) are read in place.

With a ReLU and 2 x 2 max pooling behind it, a convolution's output is never converted:
it is pooled as it lies, and what the way back needs, a quarter of it and the places of
the maxima, is kept channels-last.

Memory.  The converted images live in scratch memory, a batch at a time if there are
many, so it does not grow with their number; gradients of the weights are added up from
batch to batch, in order.
"""

from functools import lru_cache

import numpy as np

from utils.kernels import direct, layout, max_pool, narrow, threads, winograd
from utils.kernels.activations import Relu
from utils.kernels.compiler import kernel
from utils.kernels.fusion import Plain, Store, StoreBias
from utils.kernels.scratch import own
from utils.kernels.simd import LANES, padded

BATCH_BYTES = 2**26  # of converted images, or one image


class _Winograd:
    """The functions of `direct`, by `winograd`."""

    @staticmethod
    @lru_cache(maxsize=32)
    def _plan(N, H, W, C, K, stride, pad):
        return winograd.Convolution(N, H, W, C, K, stride=stride, pad=pad)

    @classmethod
    def forward(cls, x, w, b, out, stride, pad):
        plan = cls._plan(*x.shape, w.shape[3], stride, pad)
        plan.forward(w, Plain(x), StoreBias(out, b))

    @classmethod
    def backward_data(cls, dout, w, dx, stride, pad):
        plan = cls._plan(*dx.shape, w.shape[3], stride, pad)
        plan.backward_data(w, Plain(dout), Store(dx))

    @classmethod
    def backward_weights(cls, x, dout, dw, db, stride, pad):
        plan = cls._plan(*x.shape, dw.shape[3], stride, pad)
        plan.backward_weights(Plain(x), Plain(dout), dw)
        sums = np.empty((threads.count(), len(db)))
        threads.each(_channel_sums, dout.reshape(-1, len(db)), sums)
        db[:] = sums.sum(axis=0)


@kernel
def _channel_sums(worker, workers, dout, sums):
    """Add up a share of dout (pixels, K), in float64."""
    P, mine = len(dout), sums[worker]
    mine[:] = 0
    for p in range(P * worker // workers, P * (worker + 1) // workers):
        row = dout[p]
        for k in range(len(mine)):
            mine[k] += row[k]


def _way(x, w, stride, pad):
    """Choose an algorithm, and how many channels its images have."""
    C, HH, WW = w.shape[1:]
    if narrow.suits(C, WW, stride):
        return narrow, C
    channels = padded(C) if C > LANES // 2 else C
    if HH == WW == 3 and stride <= 2 and pad <= 2 and channels % LANES == 0:
        return _Winograd, channels
    return direct, channels


def _batches(x, out_shape, channels):
    """Cut the images into slices of about BATCH_BYTES."""
    N, _, H, W = x.shape
    F, H_out, W_out = out_shape[1:]
    each = 4 * (H * W * channels + H_out * W_out * padded(F))
    parts = max(1, min(N, -(-N * each // BATCH_BYTES)))
    bounds = [N * part // parts for part in range(parts + 1)]
    return [slice(*pair) for pair in zip(bounds, bounds[1:], strict=False)]


def _memory(name, *shape):
    """Give scratch memory of a shape."""
    size = int(np.prod(shape))
    return own().get(f"lesson {name}", 1, size)[0, :size].reshape(shape)


def _last(name, x, channels):
    """Give images channels-last: as they lie in memory, or converted."""
    N, C, H, W = x.shape
    last = x.transpose(0, 2, 3, 1)
    # Numba would compile everything once more for memory that is read-only.
    usable = last.flags.carray and last.dtype == np.float32
    if C == channels and usable:
        return last
    last = _memory(name, N, H, W, channels)
    layout.images_to_last(np.require(x, np.float32, ["C", "A", "W"]), last)
    return last


def _filters(w, channels):
    """Give filters (F, C, HH, WW) as (HH, WW, channels, K)."""
    F, _, HH, WW = w.shape
    last = _memory("w", HH, WW, channels, padded(F))
    layout.filters_to_last(np.require(w, np.float32, ["C", "A", "W"]), last)
    return last


def forward(x, w, b, out, stride, pad):
    """Convolve.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        In any memory order and of any dtype, as all inputs here; computed in float32.
    w : ndarray of shape (F, C, HH, WW)
    b : ndarray of shape (F,)
    out : ndarray of shape (N, F, H_out, W_out)
        float32 in C order; is overwritten.
    stride, pad : int
    """
    for part, result in _results(x, w, b, out.shape, stride, pad):
        layout.images_to_first(result, out[part])


def _results(x, w, b, out_shape, stride, pad):
    """Convolve; yield slices of images, each with its channels-last output."""
    way, channels = _way(x, w, stride, pad)
    F, H_out, W_out = out_shape[1:]
    K = padded(F)
    filters, bias = _filters(w, channels), _memory("b", K)
    bias[:F], bias[F:] = b, 0
    for part in _batches(x, out_shape, channels):
        images = _last("x", x[part], channels)
        result = _memory("out", len(images), H_out, W_out, K)
        way.forward(images, filters, bias, result, stride, pad)
        yield part, result


def forward_pooled(x, w, b, out, conv_shape, stride, pad):
    """Convolve, rectify, and take the maxima of 2 x 2 windows.

    Parameters
    ----------
    x, w, b, stride, pad
        As in `forward`.
    out : ndarray of shape (N, F, H_out // 2, W_out // 2)
        float32 in C order; is overwritten.
    conv_shape : tuple
        Shape of the output of the convolution, (N, F, H_out, W_out).

    Returns
    -------
    pooled, index : ndarray of shape (N, H_out // 2, W_out // 2, K), float32 and uint8
        The maxima, and where they stood, for `backward_pooled`.
    """
    N, F, H, W = out.shape
    pooled = np.empty((N, H, W, padded(F)), np.float32)
    index = np.empty(pooled.shape, np.uint8)
    for part, result in _results(x, w, b, conv_shape, stride, pad):
        max_pool.forward(Relu(), result, pooled[part], index[part])
        layout.images_to_first(pooled[part], out[part])
    return pooled, index


def backward(dout, x, w, stride, pad):
    """Compute all gradients of `forward`.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H_out, W_out)
    x, w : ndarrays
        Of the forward pass.
    stride, pad : int

    Returns
    -------
    dx, dw, db : ndarrays
        float32, with the shapes of x, w and (F,).
    """

    def gradient(part):
        return _last("out", dout[part], padded(len(w)))

    return _gradients(gradient, dout.shape, x, w, stride, pad)


def backward_pooled(dout, x, w, pooled, index, conv_shape, stride, pad):
    """Compute all gradients of `forward_pooled`.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H_out // 2, W_out // 2)
    x, w : ndarrays
        Of the forward pass.
    pooled, index : ndarrays
        What it gave.
    conv_shape, stride, pad
        As there.

    Returns
    -------
    dx, dw, db : ndarrays
        As `backward` gives them.
    """
    H_out, W_out = conv_shape[2:]

    def gradient(part):
        dpooled = _last("pooled", dout[part], pooled.shape[3])
        result = _memory("out", len(dpooled), H_out, W_out, pooled.shape[3])
        max_pool.backward(Relu(), dpooled, pooled[part], index[part], result)
        return result

    return _gradients(gradient, conv_shape, x, w, stride, pad)


def _gradients(gradient, out_shape, x, w, stride, pad):
    """Compute all gradients; `gradient` gives that of a slice of images' outputs."""
    way, channels = _way(x, w, stride, pad)
    F, _, HH, WW = w.shape
    K = padded(F)
    filters = _filters(w, channels)
    dx, dw = np.empty(x.shape, np.float32), np.empty(w.shape, np.float32)
    share, db_share = _memory("dw", HH, WW, channels, K), _memory("db", K)
    total, db = np.zeros_like(share), np.zeros_like(db_share)
    for part in _batches(x, out_shape, channels):
        images, grads = _last("x", x[part], channels), gradient(part)
        way.backward_weights(images, grads, share, db_share, stride, pad)
        total += share
        db += db_share
        result = _memory("x", *images.shape)  # x is done with
        way.backward_data(grads, filters, result, stride, pad)
        layout.images_to_first(result, dx[part])
    layout.filters_to_first(total, dw)
    return dx, dw, db[:F].copy()
