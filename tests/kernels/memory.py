"""Help for tests of pointer code: canaries, and runs with every address checked."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
CANARY = 85


class Guarded:
    """Makes arrays between canaries, and tells whether those still live."""

    def __init__(self):
        self._buffers = []

    def empty(self, shape, dtype=np.float32):
        """Give an array full of nonsense, aligned to 64 bytes."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        buffer = np.full(size + 4096 + 64, CANARY, np.uint8)
        start = 2048 + -(buffer.ctypes.data + 2048) % 64
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


def run_checked(path):
    """Run a test file as a program, with every load and store checked."""
    environment = dict(os.environ, UTILS_CHECK_MEMORY="1", PYTHONPATH=str(ROOT))
    result = subprocess.run(
        [sys.executable, path], env=environment, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert "all addresses are right" in result.stdout
