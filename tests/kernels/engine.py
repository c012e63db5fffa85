"""What the tests of the engine's kernels share: layouts, references, memory checks."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests import oracle

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CANARY, MARGIN = 85, 4096  # bytes


def to_nchw(x):
    return np.moveaxis(np.asarray(x, float), -1, 1)


def to_last(x):
    return np.moveaxis(x, 1, -1)


def filters(w):
    """Turn w (HH, WW, C, K) into (F, C, HH, WW)."""
    return np.asarray(w, float).transpose(3, 2, 0, 1)


def conv_forward(x, w, stride, pad):
    """Convolve channels-last arrays in float64."""
    F = w.shape[-1]
    out = oracle.conv_forward(to_nchw(x), filters(w), np.zeros(F), stride, pad)
    return to_last(out)


def conv_backward(dout, x, w, stride, pad):
    """Give dx and dw of channels-last arrays in float64."""
    arrays = to_nchw(dout), to_nchw(x), filters(w)
    dx, dw, _ = oracle.conv_backward(*arrays, stride, pad)
    return to_last(dx), dw.transpose(2, 3, 1, 0)


def normal(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


class Guarded:
    """Makes arrays between canaries, and tells whether those still live."""

    def __init__(self):
        self._buffers = []

    def empty(self, shape, dtype=np.float32, shift=0):
        """Give an array full of garbage, `shift` bytes after a cache line begins."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        buffer = np.full(size + 2 * MARGIN + 64, CANARY, np.uint8)
        start = MARGIN + -(buffer.ctypes.data + MARGIN) % 64 + shift
        self._buffers.append((buffer, start, start + size))
        return buffer[start : start + size].view(dtype).reshape(shape)

    def copy(self, values):
        """Give a copy of an array."""
        array = self.empty(values.shape, values.dtype)
        array[...] = values
        return array

    def check(self):
        """Raise AssertionError if something was written around an array."""
        for buffer, start, stop in self._buffers:
            assert (buffer[:start] == CANARY).all() and (buffer[stop:] == CANARY).all()


def between_canaries(shape, dtype=np.float32):
    """Give an array of garbage inside a larger one, and a function that looks around.

    The array begins where no vector would; the function raises if anything outside it
    has changed.
    """
    guarded = Guarded()
    return guarded.empty(shape, dtype, shift=16), guarded.check


def run_checked(code, **variables):
    """Run code in a process of its own that tests every address of every kernel."""
    _run_checked(["-c", code], variables)


def run_file_checked(path):
    """Do the same with a test file, which says so when it has come to its end."""
    assert "all addresses are right" in _run_checked([path], {})


def _run_checked(arguments, variables):
    env = {**os.environ, "UTILS_CHECK_MEMORY": "1", "PYTHONPATH": ROOT, **variables}
    command = [sys.executable, *arguments]
    result = subprocess.run(command, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


needs_compiler = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"),
    reason="vector instructions exist in compiled code only",
)
