import subprocess
import sys

import pytest

from tests.kernels.engine import ROOT, needs_compiler
from utils.kernels.lanes import COLUMNS, LANES, ROWS, padded

pytestmark = needs_compiler


def test_the_block_fits_the_registers():
    registers = {16: 32, 8: 16, 4: 16 if ROWS * COLUMNS < 16 else 32}[LANES]
    assert ROWS * COLUMNS + COLUMNS + 1 <= registers
    # more sums than a multiply-add takes cycles, times two units
    assert ROWS * COLUMNS >= 8


def test_channels_are_covered_by_blocks_of_rows():
    few = ROWS * 2 // 3
    for channels in range(LANES, 40 * LANES, LANES):
        highs = range(channels // ROWS + 1)
        assert any((channels - high * ROWS) % few == 0 for high in highs)


def test_padded():
    assert [padded(n) for n in (0, 1, LANES, LANES + 1)] == [0, LANES, LANES, 2 * LANES]


@pytest.mark.parametrize(
    ("features", "lanes"),
    [("+sse2", 4), ("+sse2,+avx,+avx2,+fma", 8), ("+avx2,+avx,+fma,+avx512f", 16)],
)
def test_the_instruction_set_decides(features, lanes):
    code = f"""
import platform
platform.machine = lambda: "x86_64"
import utils.kernels.lanes as lanes
assert lanes.LANES == {lanes}, lanes.LANES
"""
    # Importing compiles nothing, so any processor may pretend.
    env = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": features}
    env |= {"PYTHONPATH": ROOT, "SYSTEMROOT": "C:\\Windows"}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, env=env, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
