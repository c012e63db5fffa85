"""The given twins of the layers students write: same signatures, suffix ``_fast``.

They compute the same numbers by other algorithms.  Convolution becomes one matrix
product (im2col), max pooling remembers where each maximum stood, and spatial batch
normalisation sums one channel after the other.  Any kernel, stride and pad, windows
that overlap or are not square, any memory order and any dtype are welcome.  float32
images are computed in float32 and all others in float64; results are C-ordered.

Convolutions of float32 images, if they are worth it, go to the engine room
(`kernels.convolution`): vector instructions, and algorithms with fewer multiplications
than the definition.  float64 stays with im2col, so that a gradient check sees nothing
but the rounding of sums.
"""

import math

import numpy as np

from utils import kernels, memory
from utils.batchnorm import read_bn_param, update_running
from utils.kernels import threads
from utils.shapes import conv_output_shape, pool_output_shape, require_shape

# Images are converted to columns a few at a time: this many bytes of columns at
# most (or one image), so that memory stays flat however large the batch is.
COLUMN_BYTES = 2**20

# Multiply-adds, and output pixels to share the weights' conversion, from which the
# engine room is faster.
ENGINE_WORK = 2**25
ENGINE_PIXELS = 2**7

REAL = "fiub"  # kinds of dtypes
FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def conv_forward_fast(x, w, b, conv_param):
    """Convolve images with filters: the fast twin of ``conv_forward_naive``.

    **How it is fast.** Every window becomes a column of a matrix and every filter a
    row of another; one matrix product per image then does all dot products at once.
    Large float32 batches take Winograd's algorithm where it saves multiplications: its
    rounding error is at most about 1e-5 of the largest output, and an infinity or NaN
    in x may reach outputs a few pixels beyond its own windows.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        N images with C channels.
    w : ndarray of shape (F, C, HH, WW)
        F filters.
    b : ndarray of shape (F,)
        One bias per filter.
    conv_param : dict
        ``stride``, int >= 1, and ``pad``, int >= 0, both in pixels.

    Returns
    -------
    out : ndarray of shape (N, F, H_out, W_out)
        ``H_out = 1 + (H + 2 * pad - HH) // stride``, likewise ``W_out``.
    cache : tuple
        ``(x, w, b, conv_param)``.

    Raises
    ------
    ValueError
        If the shapes do not fit together (see `utils.shapes.conv_output_shape`).
    TypeError, MemoryError
        As in all layers here: if x or w holds no real numbers; if there is not enough
        memory, before it is taken.

    References
    ----------
    .. [1] K. Chellapilla, S. Puri and P. Simard, "High performance convolutional
       neural networks for document processing", IWFHR 2006, section 3.
    """
    x, w, b = np.asarray(x), np.asarray(w), np.asarray(b)
    out_shape = conv_output_shape(x.shape, w.shape, conv_param)
    require_shape("b", b, (w.shape[0],), "one bias per filter")
    _require_memory(x, w, out_shape)
    stride, pad = conv_param["stride"], conv_param["pad"]
    cache = x, w, b, dict(conv_param)
    if fits_engine(x, w, out_shape):
        out = np.empty(out_shape, np.float32)
        kernels.convolution.forward(x, w, b, out, stride, pad)
        return out, cache
    images, filters, bias = _prepare(x, w, b)
    filters = filters.reshape(len(w), math.prod(w.shape[1:]))  # (F, C*HH*WW)
    geometry = (w.shape[2:], stride, pad, out_shape[2:])
    out = np.empty(out_shape, images.dtype)

    def convolve(start, stop):
        for part, cols in _columns(images, start, stop, geometry):
            flat = _runs(out[part])  # (n, F, H_out*W_out)
            np.matmul(filters, cols, out=flat)
            flat += bias[:, None]

    with threads.serial_blas():
        threads.run(convolve, len(images))
    return out, cache


def conv_backward_fast(dout, cache):
    """Backward pass of `conv_forward_fast`.

    **How it is fast.** With the columns of the forward pass made once more, both
    gradients are matrix products; ``col2im`` adds the columns of ``dx`` up.  Large
    float32 batches take the algorithm of their forward pass, with errors of about 1e-5
    of the largest number; 5e-5 in ``dw`` of 7 x 7 filters, which sums over all pixels.

    Parameters
    ----------
    dout : ndarray of shape (N, F, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        ``(x, w, b, conv_param)`` from the forward pass.

    Returns
    -------
    dx, dw, db : ndarrays
        Gradients with the shapes of ``x``, ``w`` and ``b`` and the dtype of ``x``.

    Raises
    ------
    ValueError
        If ``dout`` has not the shape of the forward pass's output.
    """
    x, w, b, conv_param = cache
    out_shape = conv_output_shape(x.shape, w.shape, conv_param)
    dout = np.asarray(dout)
    require_shape("dout", dout, out_shape, "the shape of the layer's out")
    _require_memory(x, w, out_shape)
    stride, pad = conv_param["stride"], conv_param["pad"]
    if fits_engine(x, w, out_shape):
        return kernels.convolution.backward(dout, x, w, stride, pad)
    images, filters, dout = _prepare(x, w, dout)
    filters = filters.reshape(len(w), math.prod(w.shape[1:]))  # (F, C*HH*WW)
    geometry = (w.shape[2:], stride, pad, out_shape[2:])
    dx, dw_parts = np.empty_like(images), {}

    def convolve_back(start, stop):
        dw, product = np.zeros_like(filters), np.empty_like(filters)
        for part, cols in _columns(images, start, stop, geometry):
            flat = _runs(dout[part])  # (n, F, H_out*W_out)
            for image_dout, image_cols in zip(flat, cols, strict=True):
                dw += np.matmul(image_dout, image_cols.T, out=product)
            np.matmul(filters.T, flat, out=cols)  # the columns of dx, in their place
            kernels.im2col.col2im(0, len(cols), cols, dx[part], *geometry)
        dw_parts[start] = dw  # each thread has its own sum

    with threads.serial_blas():
        threads.run(convolve_back, len(images))
    # In the order of the images, so that a run can be repeated bit by bit.
    dw = sum(dw_parts[start] for start in sorted(dw_parts))
    db = dout.sum(axis=(0, 2, 3))
    return dx, dw.reshape(w.shape), db


def max_pool_forward_fast(x, pool_param):
    """Keep the largest value of each window: the fast twin of the naive layer.

    **How it is fast.** Compiled loops, one channel of one image at a time; the place
    of each maximum is stored, so the backward pass need not search again.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        N images with C channels.
    pool_param : dict
        ``pool_height``, ``pool_width`` and ``stride``, all ints >= 1, in pixels.

    Returns
    -------
    out : ndarray of shape (N, C, H_out, W_out)
        ``H_out = 1 + (H - pool_height) // stride``, likewise ``W_out``.  A NaN in a
        window makes that window's output NaN.
    cache : tuple
        ``(x, pool_param, argmax)``; ``argmax`` has the shape of ``out`` and counts
        pixels row by row within a channel.

    Raises
    ------
    ValueError
        If the window does not fit (see `utils.shapes.pool_output_shape`).
    """
    x = np.asarray(x)
    N, C, H_out, W_out = pool_output_shape(x.shape, pool_param)
    memory.for_layer(x, 3 * N * C * H_out * W_out)  # values, and places in int64
    (images,) = _prepare(x)
    out = np.empty((N, C, H_out, W_out), images.dtype)
    argmax = np.empty(out.shape, np.int64)
    window = (pool_param["pool_height"], pool_param["pool_width"])
    planes = [_planes(a) for a in (images, out, argmax)]
    stride = pool_param["stride"]
    if (*window, stride) == (2, 2, 2):
        threads.run(kernels.pooling.max_pool_2x2, N * C, *planes)
    else:
        threads.run(kernels.pooling.max_pool, N * C, *planes, window, stride)
    return out, (x, dict(pool_param), argmax)


def max_pool_backward_fast(dout, cache):
    """Backward pass of `max_pool_forward_fast`.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        ``(x, pool_param, argmax)`` from the forward pass.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
        Each gradient stands where its window's first maximum was; gradients of
        windows that share a maximum add up.  Same dtype as ``x``.

    Raises
    ------
    ValueError
        If ``dout`` has not the shape of the forward pass's output.
    """
    x, _, argmax = cache
    require_shape(
        "dout", np.asarray(dout), argmax.shape, "the shape of the layer's out"
    )
    N, C, H, W = x.shape
    dout = _as_dtype(dout, _dtype_of(x))
    dx = np.empty((N * C, H * W), dout.dtype)
    args = _planes(dout), _planes(argmax), dx
    threads.run(kernels.pooling.max_pool_scatter, N * C, *args)
    return dx.reshape(N, C, H, W)


def spatial_batchnorm_forward_fast(x, gamma, beta, bn_param):
    """Batch-normalise every channel: the fast twin of the exercise.

    **How it is fast.** Two compiled passes over each channel give its mean and
    variance without moving the channel axis; scaling and shifting is one more pass.

    Parameters
    ----------
    x : ndarray of shape (N, C, H, W)
        N images with C channels.
    gamma, beta : ndarray of shape (C,)
        Scale and shift of each channel.
    bn_param : dict
        As in `utils.batchnorm.batchnorm_forward`, with running averages of shape
        (C,): ``mode``, ``eps``, ``momentum``, ``running_mean``, ``running_var``.

    Returns
    -------
    out : ndarray of shape (N, C, H, W)
    cache : tuple
        ``(x, gamma, mean, std, mode)``; ``mean`` and ``std`` are float64.

    Raises
    ------
    ValueError
        If ``bn_param`` makes no sense (see `utils.batchnorm.read_bn_param`), a shape
        does not fit, or a training batch is empty; ``bn_param`` then is as before.
    """
    x, gamma, beta = np.asarray(x), np.asarray(gamma), np.asarray(beta)
    if x.ndim != 4:
        raise ValueError(f"x has shape {x.shape}, expected 4 axes (N, C, H, W).")
    N, C, H, W = x.shape
    require_shape("gamma", gamma, (C,), "one scale per channel")
    require_shape("beta", beta, (C,), "one shift per channel")
    memory.for_layer(x, x.size)
    (images,) = _prepare(x)
    settings = read_bn_param(bn_param, C, images.dtype)
    if settings.mode == "train":
        if x.size == 0:
            raise ValueError(
                f"x has shape {x.shape}: the mean of an empty batch is undefined."
            )
        mean, var = np.empty(C), np.empty(C)
        threads.run(kernels.normalization.channel_moments, C, _runs(images), mean, var)
        update_running(bn_param, settings, mean, var)
    else:
        mean, var = settings.running_mean, settings.running_var
    std = np.sqrt(np.asarray(var, np.float64) + settings.eps)
    out = np.empty_like(images)
    constants = _constants(images.dtype, mean, gamma / std, beta)
    args = _runs(images), *constants, _runs(out)
    threads.run(kernels.normalization.normalize, N, *args)
    return out, (x, gamma, np.asarray(mean, np.float64), std, settings.mode)


def spatial_batchnorm_backward_fast(dout, cache):
    """Backward pass of `spatial_batchnorm_forward_fast`.

    Parameters
    ----------
    dout : ndarray of shape (N, C, H, W)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        What the forward pass returned.

    Returns
    -------
    dx : ndarray of shape (N, C, H, W)
    dgamma, dbeta : ndarray of shape (C,)
        All with the dtype of ``x``.

    Raises
    ------
    ValueError
        If ``dout`` has not the shape of ``x``.
    """
    x, gamma, mean, std, mode = cache
    require_shape("dout", np.asarray(dout), x.shape, "the shape of the layer's out")
    N, C, H, W = x.shape
    images, dout = _prepare(x, dout)
    sums = np.empty(C), np.empty(C)
    args = _runs(dout), _runs(images), mean, *sums
    threads.run(kernels.normalization.channel_sums, C, *args)
    dbeta, dgamma = sums[0], sums[1] / std
    # dx = gamma / std * (dout - mean(dout) - x_hat * mean(dout * x_hat)); in test
    # mode mean and variance are constants, and the last two terms vanish.
    M = N * H * W if mode == "train" else np.inf
    slope, constant = gamma * dgamma / (M * std**2), gamma * dbeta / (M * std)
    dx = np.empty_like(images)
    constants = _constants(images.dtype, mean, gamma / std, slope, constant)
    args = _runs(dout), _runs(images), *constants, _runs(dx)
    threads.run(kernels.normalization.normalize_back, N, *args)
    return dx, dgamma.astype(images.dtype), dbeta.astype(images.dtype)


def fits_engine(x, w, out_shape):
    """Tell whether a convolution goes to the engine room: float32, and large."""
    pixels = out_shape[0] * math.prod(out_shape[2:])
    pays = pixels * w.size >= ENGINE_WORK and pixels >= ENGINE_PIXELS
    return pays and x.dtype.char == "f" and w.dtype.kind in REAL and kernels.compiles()


def _require_memory(x, w, out_shape):
    """Refuse a convolution that does not fit: its result, and columns per thread."""
    N, F, H_out, W_out = out_shape
    work = N * H_out * W_out * w.size
    # No number is made without work, so a small layer need not be looked at closer.
    if work + x.size >= ENGINE_WORK:
        columns = min(N, threads.count()) * (work // max(1, N * F))
        memory.for_layer(x, max(N * F * H_out * W_out, x.size), columns)


def _columns(images, start, stop, geometry):
    """Yield slices of images start to stop, each with its columns (n, C*HH*WW, L)."""
    (HH, WW), _, _, (H_out, W_out) = geometry
    shape = (images.shape[1] * HH * WW, H_out * W_out)
    bytes_each = shape[0] * shape[1] * images.itemsize
    step = max(1, min(stop - start, COLUMN_BYTES // max(1, bytes_each)))
    scratch = np.empty((step, *shape), images.dtype)
    for first in range(start, stop, step):
        part = slice(first, min(first + step, stop))
        cols = scratch[: part.stop - first]
        kernels.im2col.im2col(0, len(cols), images[part], cols, *geometry)
        yield part, cols


def _dtype_of(x):
    """Compute in x's own precision if it is float32, in float64 otherwise."""
    return FLOAT32 if x.dtype.char == "f" else FLOAT64  # of either byte order


def _as_dtype(array, dtype):
    # C order and native byte order: the kernels are compiled for that layout only.
    array = np.asarray(array)
    if array.dtype == dtype and array.flags.c_contiguous and array.flags.aligned:
        return array
    if array.dtype.kind not in REAL:
        have = f"An array of shape {array.shape} has dtype {array.dtype}"
        raise TypeError(f"{have}, expected real numbers.")
    return np.require(array, dtype, ["C", "A"])


def _prepare(x, *others):
    """Bring all arrays to C order and to the dtype that x is computed in."""
    dtype = _dtype_of(x)
    return [_as_dtype(array, dtype) for array in (x, *others)]


def _planes(array):
    """View (N, C, H, W) as (N*C, H, W)."""
    return array.reshape(-1, *array.shape[2:])


def _runs(array):
    """View (N, C, H, W) as (N, C, H*W)."""
    N, C, H, W = array.shape
    return array.reshape(N, C, H * W)


def _constants(dtype, *arrays):
    """Bring numbers per channel (C,) to the dtype that images are computed in."""
    return [np.asarray(array).astype(dtype) for array in arrays]
