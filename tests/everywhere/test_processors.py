"""Processors with narrower vectors, and one, two and many threads: the same numbers.

`./test.sh --widths` runs all tests of the engine like this; here a network and the fast
layers have to do, so that it is done every time.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
# The name alone leaves Numba all the instructions that the machine has.
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma"}
SSE2 = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "+sse,+sse2"}
# What is different, and how many floats a vector then has (None: whatever there is).
PROCESSORS = {
    "AVX2": (AVX2, 8),
    "SSE2": (SSE2, 4),
    "one thread": ({"UTILS_THREADS": "1"}, None),
    "two threads": ({"UTILS_THREADS": "2"}, None),
    "more threads than cores and images": ({"UTILS_THREADS": "33"}, None),
}

STEP = """
import os
import numpy as np
from tests.network.small import agree, images, pair
from utils import fast_layers, gradient_check
from utils.exercises import conv_layers
from utils.kernels import lanes, threads
from utils.network import *

lanes_wanted, threads_wanted = {lanes!r}, os.environ.get("UTILS_THREADS")
assert lanes_wanted in (None, lanes.LANES), lanes.LANES
assert threads_wanted in (None, str(threads.count()))
layers = [Conv(5), BatchNorm(), Relu(), MaxPool(), Conv(20), BatchNorm(), Relu()]
layers += [Conv(6, 5, stride=2), Relu(), GlobalMaxPool(), Affine(5)]
agree(*pair(layers, (3, 23, 14)), images(6, H=23, W=14))

rng = np.random.default_rng(0)
x, w = rng.standard_normal((3, 4, 9, 7)), rng.standard_normal((5, 4, 3, 3))
x, w, b, param = *map(np.float32, (x, w)), np.ones(5, "f"), dict(stride=1, pad=1)
naive, cache = conv_layers.conv_forward_naive(x, w, b, param)
fast, fast_cache = fast_layers.conv_forward_fast(x, w, b, param)
near = lambda a, b: gradient_check.relative_error(a, b) < 2e-5
assert near(fast, naive)
backward = fast_layers.conv_backward_fast(naive, fast_cache)
assert all(map(near, backward, conv_layers.conv_backward_naive(naive, cache)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", PROCESSORS)
def test_a_step_of_a_network_and_fast_layers(name):
    different, lanes = PROCESSORS[name]
    if lanes and not IS_X86:
        pytest.skip("these are instructions of x86")
    cleared = ("UTILS_THREADS", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES")
    env = {k: v for k, v in os.environ.items() if k not in cleared}
    done = subprocess.run(
        [sys.executable, "-c", STEP.format(lanes=lanes)],
        cwd=ROOT,
        env=env | different,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
