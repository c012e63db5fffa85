"""Batch normalisation of channels-last maps, with the activation that follows.

This is the layer by itself, which ``python -m benchmarks layers`` compares with
PyTorch's.  A network does not come here: its batchnorms happen inside their neighbours
(`fusion`), by the numbers of `moments`.

A map of shape (N, H, W, C) is a matrix here: one row per pixel, one column per channel.
In training every channel is brought to mean 0 and variance 1 over all rows, then
scaled and shifted by gamma and beta, and then comes the activation::

    z = (x - mean) * scale + shift          scale = gamma / sqrt(var + eps)
    out = activation(z)                     shift = beta

Two passes over memory are unavoidable, since no output is known before all inputs were
read: `batchnorm_sums` reads x, `batchnorm_maps` reads it again and writes out.  So it
is backward, with g = dout * slope(z) computed in both passes rather than stored::

    dbeta = sum of g,  dgamma = sum of g * (x - mean) / sqrt(var + eps)
    dx = scale * g - tilt * (x - mean) - offset

where tilt and offset follow from the two sums (Ioffe and Szegedy, Batch Normalization,
ICML 2015, section 3).  The arithmetic is a handful of operations per number, so the
time is that of moving the memory: nothing is written that can be computed again, and
the second pass begins with the rows that are still in the cache (see `walk`).  Stores
that pass the caches by would make these kernels faster, and the step slower: the next
layer reads what we write.

Precision.  A channel with a large mean and a small variance must not cancel.  So the
mean is subtracted first, and in two parts: a float32 one that is subtracted from x,
which is exact for numbers near it, and its rest in `shift`.

What moves:  forward two reads of x and one write of out; backward two reads of dout and
             x and one write of dx.
Threads:     tiles of rows; see `walk`.
"""

from typing import NamedTuple

import numpy as np

from utils.kernels import batchnorm_maps, batchnorm_sums, expect, threads, walk
from utils.kernels.batchnorm_maps import Norm, NormBack


class Work(NamedTuple):
    """What the kernels need besides maps."""

    counters: np.ndarray  # see `walk`
    lines: np.ndarray  # (threads, 3, C) float32: sums of some rows, and the pivot
    parts: np.ndarray  # (tiles, 2, C) float64: sums of a tile


class BatchNorm:
    """One batch normalisation layer, with the little memory it needs.

    Training calls `measure`, `prepare` and `forward`, then `reduce` and `backward`.
    With a 2 x 2 max pooling behind the normalisation it is `forward_pool` and, after
    `reduce` over the winners, `backward_pool`.  Where a convolution has counted the
    sums already, write `mean` and `var` instead of calling `measure`; in test mode,
    write the running averages there.

    Parameters
    ----------
    C : int
        Channels, a multiple of `simd.LANES`.
    eps : float
        Added to the variance.

    Attributes
    ----------
    mean, var : ndarray (C,), float64
        Mean and biased variance of each channel.
    norm : Norm
        What is done to each number; written by `prepare`.
    dgamma, dbeta : ndarray (C,), float32
        Gradients; written by `reduce`.

    Raises
    ------
    ValueError
        All methods: if maps do not fit together or are not what kernels expect.
    """

    def __init__(self, C, eps=1e-5):
        expect.at_least(1, C=C)
        self.eps = eps
        self.mean, self.var = np.zeros(C), np.ones(C)
        self.dgamma, self.dbeta = np.zeros((2, C), np.float32)
        mean, scale, shift, tilt, offset = threads.aligned((5, C))
        self.norm = Norm(mean, scale, shift)
        self.norm_back = NormBack(mean, scale, shift, tilt, offset)
        self._inverse = np.ones(C)
        self._counters = np.zeros(threads.count() * walk.LINE, np.int64)
        self._lines = threads.aligned((threads.count(), 3, C))
        self._parts = np.zeros((walk.TILES, 2, C))

    def _work(self, rows):
        self._counters[:] = 0
        return Work(self._counters, self._lines, self._parts[:rows])

    def _matrices(self, **maps):
        """View maps (..., C) of one shape as matrices with a row per pixel."""
        expect.maps(**maps)
        first, C = next(iter(maps.values())), len(self.mean)
        expect.same_shape((*first.shape[:-1], C), **maps)
        return [a.reshape(-1, C) for a in maps.values()]

    def _pooled(self, x, index, **pooled):
        """Check the shapes of a pooled layer; give what its kernels need."""
        expect.maps(x=x, **pooled)
        expect.places(index=index)
        expect.axes(4, x=x)
        N, H, W, _ = x.shape
        shape = N, H // 2, W // 2, len(self.mean)
        expect.same_shape(shape, index=index, **pooled)
        expect.same_shape((N, H, W, len(self.mean)), x=x)
        return self._work(N * (H // 2))

    def measure(self, x):
        """Compute `mean` and `var` of x, float32 (..., C) in C order."""
        (x,) = self._matrices(x=x)
        expect.at_least(1, **{"number of rows of x": len(x)})
        work = self._work(len(x))
        threads.each(batchnorm_sums.measure, x, work)
        batchnorm_sums.join(len(x), work.parts, self.mean, self.var)

    def prepare(self, gamma, beta):
        """Compute `norm` from `mean`, `var`, gamma (C,) and beta (C,)."""
        self._inverse[:] = 1 / np.sqrt(self.var + self.eps)
        scale = gamma * self._inverse
        self.norm.mean[:] = self.mean
        self.norm.scale[:] = scale
        self.norm.shift[:] = beta + (self.norm.mean - self.mean) * scale

    def forward(self, curve, x, out):
        """Normalise and activate.

        Parameters
        ----------
        curve : Identity, Relu, Gelu or Silu
            The activation; see `activations`.
        x : ndarray (..., C), float32, in C order
            Input.
        out : ndarray of the same shape
            Written; may be `x` itself, if there is no backward pass.
        """
        x, out = self._matrices(x=x, out=out)
        expect.written(out=out)
        work = self._work(len(x))
        threads.each(batchnorm_maps.normalize, curve, self.norm, x, out, work)

    def reduce(self, curve, dout, x, pixels=None):
        """Compute `dgamma` and `dbeta`, and what `backward` needs.

        Parameters
        ----------
        curve : Identity, Relu, Gelu or Silu
            The activation.
        dout, x : ndarray (..., C), float32, in C order
            Gradient of the output, and the input.
        pixels : int, optional
            Rows over which mean and variance were taken, if not those of `x`.
        """
        dout, x = self._matrices(dout=dout, x=x)
        pixels = len(x) if pixels is None else pixels
        expect.at_least(1, pixels=pixels)
        work = self._work(len(x))
        threads.each(batchnorm_sums.reduce, curve, self.norm, dout, x, work)
        total, product = work.parts.sum(axis=0)
        rest = self.norm.mean - self.mean  # the kernel subtracts the float32 mean
        product += rest * total
        self.dbeta[:], self.dgamma[:] = total, product * self._inverse
        scale = self.norm.scale
        tilt = scale * self._inverse**2 * product / pixels
        self.norm_back.tilt[:] = tilt
        self.norm_back.offset[:] = scale * total / pixels + rest * tilt

    def backward(self, curve, dout, x, dx):
        """Write dx, after `reduce` was called with the same arrays.

        Parameters
        ----------
        curve : Identity, Relu, Gelu or Silu
            The activation.
        dout, x : ndarray (..., C), float32, in C order
            Gradient of the output, and the input.
        dx : ndarray of the same shape
            Written; may be `dout` itself.
        """
        dout, x, dx = self._matrices(dout=dout, x=x, dx=dx)
        expect.written(dx=dx)
        work = self._work(len(x))
        kernel = batchnorm_maps.normalize_back
        threads.each(kernel, curve, self.norm_back, dout, x, dx, work)

    def forward_pool(self, curve, x, out, best, index):
        """Normalise, take the maxima of 2 x 2 windows, and activate those.

        With `Identity` and `Relu` the order of pooling and activation does not matter.
        An odd last row or column is dropped.

        Parameters
        ----------
        curve : Identity, Relu, Gelu or Silu
            The activation.
        x : ndarray (N, H, W, C), float32, in C order
            Input.
        out, best : ndarray (N, H // 2, W // 2, C), float32
            Written: the output, and the x that won in each window.
        index : ndarray of the same shape, uint8
            Written: where it stood (2 * row + column).  Of equal values the first wins;
            a NaN wins over everything.
        """
        work = self._pooled(x, index, out=out, best=best)
        expect.written(out=out, best=best, index=index)
        kernel = batchnorm_maps.normalize_pool
        threads.each(kernel, curve, self.norm, x, out, best, index, work)

    def backward_pool(self, curve, dout, index, x, dx):
        """Write dx, after ``reduce(curve, dout, best, pixels=N * H * W)``.

        Parameters
        ----------
        curve : Identity, Relu, Gelu or Silu
            The activation.
        dout, index : ndarray (N, H // 2, W // 2, C), float32 and uint8
            Gradient of the output, and the places that `forward_pool` wrote.
        x : ndarray (N, H, W, C), float32, in C order
            Input.
        dx : ndarray (N, H, W, C), float32
            Written; may be `x` itself.
        """
        work = self._pooled(x, index, dout=dout)
        expect.maps(dx=dx)
        expect.same_shape(x.shape, dx=dx)
        expect.written(dx=dx)
        kernel = batchnorm_maps.normalize_back_pool
        threads.each(kernel, curve, self.norm_back, dout, index, x, dx, work)
