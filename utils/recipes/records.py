"""What the logs of our runs say, and how they are written."""

import platform
from importlib.metadata import version

import numpy as np

from utils.kernels import lanes, threads
from utils.whole_files import whole_file


def machine():
    """Describe what a time was measured on."""
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "numba": version("numba"),
        "system": platform.system(),
        "processor": platform.machine(),
        "floats_per_vector": lanes.LANES,
        "threads": threads.count(),
    }


def write(path, text):
    """Write a file that takes its name only when it is complete."""
    with whole_file(path) as file:
        file.write(text.encode() + b"\n")
