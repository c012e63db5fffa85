"""Interrupt in a real kernel, in the middle of what takes long: it stays usable."""

import os

import pytest

from tests.reliability.interrupted import ROOT, Kernel
from utils import kernels

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="looks at threads as Linux has them"),
    pytest.mark.skipif(not kernels.compiles(), reason="looks at compiled kernels"),
    pytest.mark.filterwarnings("ignore"),  # of the libraries that talk to the kernel
]

LAYERS = """
import numpy as np
from utils.fast_layers import conv_backward_fast, conv_forward_fast
x, w = np.ones((64, 64, 32, 32), np.float32), np.ones((64, 64, 3, 3), np.float32)
while True:
    out, cache = conv_forward_fast(x, w, w[:, 0, 0, 0], {"stride": 1, "pad": 1})
    conv_backward_fast(out, cache)
"""
EXACT = LAYERS.replace("np.float32", "float")
TRAINING = """
from tests.solver.long_run import make, result
solver = make("lesson", pause=0.002, checkpoint=PREFIX, checkpoint_every=1e-9)
while True:
    solver.train()
    if solver.stopped:
        break
assert "interrupted" in solver.stopped
"""
GOING_ON = """
from tests.solver.killed import differing
from tests.solver.long_run import make, result
whole, again = make("lesson"), make("lesson", checkpoint=PREFIX)
for solver in (whole, again):
    while solver.step < 60:
        solver.train()
if again._saved["call"] == 1:  # Ctrl-C came before the second round
    assert differing(result(whole), result(again)) == []
"""
CHECK = """
from utils.checks import check_conv_forward
from utils.exercises import conv_layers
while True:
    results = check_conv_forward(conv_layers.conv_forward_naive)
"""
CHECK_ONCE = CHECK.replace("while True", "if True") + (
    "assert all(result.passed for result in results)"
)


@pytest.fixture(scope="module")
def kernel():
    kernel = Kernel(ROOT, UTILS_THREADS="2")
    yield kernel
    kernel.close()


@pytest.mark.parametrize("code", [LAYERS, EXACT], ids=["float32", "float64"])
def test_in_kernels_with_threads(kernel, code):
    for after in (3.0, 0.31, 0.52, 0.73, 0.44, 0.65):
        status, text, pressed = kernel.run(code, interrupt_after=after)
        assert pressed and status == "error" and "KeyboardInterrupt" in text, text
        kernel.look()


def test_while_checkpoints_are_written(kernel, tmp_path):
    for k, after in enumerate((1.0, 0.15, 0.25)):
        prefix = f"PREFIX = {str(tmp_path / str(k) / 'run')!r}\n"
        status, text, pressed = kernel.run(prefix + TRAINING, interrupt_after=after)
        assert pressed, text
        assert status == "ok" or "KeyboardInterrupt" in text, text
        kernel.look()
        status, text, _ = kernel.run(prefix + GOING_ON)
        assert status == "ok", text


def test_while_a_child_checks(kernel):
    for after in (2.0, 0.4, 0.9):
        status, text, pressed = kernel.run(CHECK, interrupt_after=after)
        assert pressed and "KeyboardInterrupt" in text, text
        kernel.look()
        status, text, _ = kernel.run(CHECK_ONCE)
        assert status == "ok", text
