"""Compile what the network's exercise needs, so that no submission waits for it.

It runs in a process of its own, with our code alone: what it leaves behind is read by
students' processes, and they have written none of it.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from utils import blocks
from utils.staff import StaffError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "cnn-workbook-kernels"  # what `utils.kernels.compiler` calls it


def warm(cache):
    """Fill a folder with compiled kernels, and return the one that holds them.

    Parameters
    ----------
    cache : Path
        The folder; what is there already is not compiled again.
    """
    cache.mkdir(parents=True, exist_ok=True)
    own = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
    command = [sys.executable, "-m", __name__]
    place = {"XDG_CACHE_HOME": str(cache), "UTILS_THREADS": "1"}
    done = subprocess.run(command, env=own | place, cwd=ROOT, capture_output=True)
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().split("\n")
        raise StaffError(f"The given layers cannot be compiled: {lines[-1]}")
    return cache / FOLDER


def main():
    """Call the given blocks as a network does, in both precisions."""
    for dtype in (np.float32, np.float64):
        for use_batchnorm in (False, True):
            _train_and_test(np.dtype(dtype), use_batchnorm)


def _train_and_test(dtype, use_batchnorm):
    x, w = np.ones((2, 3, 8, 8), dtype), np.ones((4, 3, 3, 3), dtype)
    conv = {"stride": 1, "pad": 1}
    pool = {"pool_height": 2, "pool_width": 2, "stride": 2}
    W, b = np.ones((64, 5), dtype), np.ones(5, dtype)
    for mode in ("train", "test"):
        kind = "bn_relu" if use_batchnorm else "relu"
        norms = [(np.ones(n, dtype), np.ones(n, dtype), {"mode": mode}) for n in (4, 5)]
        (g1, b1, bn1), (g2, b2, bn2) = norms
        first = (g1, b1, conv, bn1) if use_batchnorm else (conv,)
        second = (g2, b2, bn2) if use_batchnorm else ()
        forward = getattr(blocks, f"conv_{kind}_pool_forward")
        h1, cache1 = forward(x, w, b[:4].copy(), *first, pool)
        h2, cache2 = getattr(blocks, f"affine_{kind}_forward")(h1, W, b, *second)
        dh1, *_ = getattr(blocks, f"affine_{kind}_backward")(h2, cache2)
        getattr(blocks, f"conv_{kind}_pool_backward")(dh1, cache1)


if __name__ == "__main__":
    main()
