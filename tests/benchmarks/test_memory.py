"""How the memory of a process is counted."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.memory import peak_megabytes

ROOT = Path(__file__).resolve().parents[2]


def test_memory_that_was_touched_counts_even_after_it_is_gone():
    before = peak_megabytes()
    held = np.ones(int((before + 64) * 2**17))  # larger than everything so far
    grown = peak_megabytes()
    del held
    assert grown > before + 64
    assert peak_megabytes() > grown - 2  # the system counts in pages, and not at once


def test_the_memory_of_the_process_that_started_it_does_not_count():
    held = np.ones(2**25)  # 256 MB
    code = "from benchmarks.memory import peak_megabytes; print(peak_megabytes())"
    said = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert 1 < float(said) < held.nbytes / 2**20
