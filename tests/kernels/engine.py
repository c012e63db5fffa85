"""What the tests of the engine's kernels share: layouts, references, memory checks."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests import oracle

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


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


def between_canaries(shape, dtype=np.float32):
    """Give an array of garbage inside a larger one, and a function that looks around.

    The function raises if anything outside the array has changed.
    """
    size, margin = int(np.prod(shape)), 1024
    whole = np.full(size + 2 * margin, 77, dtype)

    def untouched():
        np.testing.assert_array_equal(whole[:margin], 77)
        np.testing.assert_array_equal(whole[margin + size :], 77)

    return whole[margin : margin + size].reshape(shape), untouched


def run_checked(code, **variables):
    """Run code in a process of its own that tests every address of every kernel."""
    env = {**os.environ, "UTILS_CHECK_MEMORY": "1", "PYTHONPATH": ROOT, **variables}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


needs_compiler = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"),
    reason="vector instructions exist in compiled code only",
)
