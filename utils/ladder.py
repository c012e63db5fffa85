"""One convolution, six ways: from Python's loops to Winograd's algorithm.

The layer is the same on every rung, 64 filters of 3 x 3 on 64 channels of 32 x 32
pixels, and so are the numbers that come out, up to rounding.  `climb` computes it on
each rung, compares the result with the same sums in float64, and takes the time.
"""

import time
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from utils import kernels

C, K, SIZE, WINDOW, PAD = 64, 64, 32, 3, 1
OPERATIONS = 2 * WINDOW**2 * C * K * SIZE**2  # additions and multiplications per image
CHUNK_BYTES = 2**23  # of columns at a time: they should not leave the last cache


class Rung(NamedTuple):
    """What one way to compute the layer costs.

    `seconds` are for one image, `error` is the largest difference to the result in
    float64, relative to the largest number of that result.
    """

    name: str
    seconds: float
    error: float

    @property
    def gflops(self):
        """Billions of additions and multiplications per second.

        Those of the plain sums: an algorithm that needs fewer may pass the peak of
        the processor.
        """
        return OPERATIONS / self.seconds / 1e9


def climb(naive, images=32, repeat=5):
    """Compute the layer on every rung, and time it.

    Parameters
    ----------
    naive : callable
        ``naive(x, w, b, conv_param) -> out, cache`` on arrays (N, C, H, W) and
        (F, C, HH, WW): the layer as loops in Python.  It gets one image only, once.
    images : int, default 32
        Images per call of the other rungs.
    repeat : int, default 5
        Timed calls of the other rungs; the fastest counts.

    Returns
    -------
    rungs : list of Rung
        From the slowest idea to the fastest.

    Raises
    ------
    RuntimeError
        If a rung computes other numbers than the first rung in float64.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, SIZE, SIZE, C), np.float32)
    w = rng.standard_normal((WINDOW, WINDOW, C, K), np.float32)
    b = rng.standard_normal(K, np.float32)
    exact = im2col_blas(*(array.astype(np.float64) for array in (x[:1], w, b)))
    rungs = [_loops_in_python(naive, x[:1], w, b, exact)]
    for name, rung in RUNGS.items():
        run = rung(x, w, b)
        run()  # compiles
        seconds = []
        for _ in range(repeat):
            begin = time.perf_counter()
            out = run()
            seconds.append(time.perf_counter() - begin)
        rungs.append(_rung(name, min(seconds) / images, out[:1], exact))
    return rungs


def table(rungs):
    """Write rungs as a table.

    Parameters
    ----------
    rungs : list of Rung

    Returns
    -------
    str
        One line per rung: time per image, GFLOP/s, how many times faster than the
        rung before, and the error.
    """
    lines = [f"{'':32}{'ms per image':>12}{'GFLOP/s':>10}{'step':>9}{'error':>10}"]
    before = rungs[0].seconds
    for rung in rungs:
        step = before / rung.seconds
        lines.append(
            f"{rung.name:32}{1e3 * rung.seconds:12.3f}{rung.gflops:10.2f}"
            f"{f'x {step:.1f}' if rung is not rungs[0] else '':>9}{rung.error:10.0e}"
        )
        before = rung.seconds
    return "\n".join(lines)


def im2col_blas(x, w, b):
    """Convolve by one matrix product: windows are copied to rows, BLAS does the rest.

    Parameters
    ----------
    x : ndarray of shape (N, H, W, C)
    w : ndarray of shape (HH, WW, C, K)
    b : ndarray of shape (K,)

    Returns
    -------
    out : ndarray of shape (N, H, W, K)
        Stride 1, with as many zeros around the image as keep its size.
    """
    N, H, W, _ = x.shape
    padded = _padded(x, w.shape[0] // 2)
    out = np.empty((N, H, W, w.shape[3]), x.dtype)
    for part, columns in windows(padded, w.shape[:2], 1):
        flat = out[part].reshape(len(columns), -1)
        np.matmul(columns, w.reshape(-1, w.shape[3]), out=flat)
        flat += b
    return out


def windows(x, window, stride):
    """Copy all windows to rows of a matrix, a few images at a time.

    Parameters
    ----------
    x : ndarray of shape (N, H, W, C)
        Images with their padding.
    window : (HH, WW)
        Its height and width.
    stride : int
        From one window to the next.

    Yields
    ------
    part : slice
        Which images.
    columns : ndarray of shape (images * H_out * W_out, HH * WW * C)
        Their windows; the same memory every time.
    """
    N, C = len(x), x.shape[3]
    views = sliding_window_view(x, window, axis=(1, 2))[:, ::stride, ::stride]
    views = views.transpose(0, 1, 2, 4, 5, 3)  # (N, H_out, W_out, HH, WW, C)
    _, H_out, W_out, HH, WW, _ = views.shape
    size = H_out * W_out * HH * WW * C * x.itemsize
    step = min(N, max(1, CHUNK_BYTES // size))
    scratch = np.empty((step, *views.shape[1:]), x.dtype)
    for first in range(0, N, step):
        part = slice(first, min(first + step, N))
        chunk = scratch[: part.stop - first]
        np.copyto(chunk, views[part])
        yield part, chunk.reshape(-1, HH * WW * C)


def _padded(x, pad):
    return np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))


def _rung(name, seconds, out, exact):
    error = float(np.abs(out - exact).max() / np.abs(exact).max())
    if not error < 1e-4:
        raise RuntimeError(f"{name} computes other numbers: an error of {error:.1e}.")
    return Rung(name, seconds, error)


def _loops_in_python(naive, x, w, b, exact):
    images = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    filters = np.ascontiguousarray(w.transpose(3, 2, 0, 1))
    begin = time.perf_counter()
    out, _ = naive(images, filters, b, {"stride": 1, "pad": PAD})
    seconds = time.perf_counter() - begin
    return _rung("loops in Python", seconds, out.transpose(0, 2, 3, 1), exact)


# Each of these prepares its arrays and gives the function to be timed.


def _compiled(name):
    def prepare(x, w, b):
        kernel = getattr(kernels.loops, name)
        padded, out = _padded(x, PAD), np.empty((*x.shape[:3], K), np.float32)

        def run():
            kernels.threads.each(kernel, padded, w, b, out)
            return out

        return run

    return prepare


def _by_blas(x, w, b):
    return lambda: im2col_blas(x, w, b)


def _direct(x, w, b):
    out = kernels.threads.aligned((*x.shape[:3], K))

    def run():
        kernels.direct.forward(x, w, b, out, 1, PAD)
        return out

    return run


def _winograd(x, w, b):
    out = kernels.threads.aligned((*x.shape[:3], K))
    layer = kernels.winograd.Convolution(*x.shape, K, pad=PAD)
    fusion = kernels.fusion

    def run():
        layer.forward(w, fusion.Plain(x), fusion.StoreBias(out, b))
        return out

    return run


RUNGS = {
    "loops, compiled": _compiled("one_output_at_a_time"),
    "compiled, filters innermost": _compiled("all_filters_at_once"),
    "im2col + BLAS": _by_blas,
    "vectors, direct": _direct,
    "vectors, Winograd": _winograd,
}
