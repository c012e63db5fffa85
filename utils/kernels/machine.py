"""What the engine finds on this machine, in words."""

import platform
from pathlib import Path

from utils.kernels import compiler, lanes

# By floats in a vector.
_NAMES = {16: "AVX-512", 8: "AVX", 4: "SSE"}


def processor():
    """Give the processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def instructions():
    """Name the vector instructions that kernels are compiled to, and their width."""
    arm = platform.machine().lower() in ("arm64", "aarch64")
    name = "NEON" if arm else _NAMES[lanes.LANES]
    return f"{name}, {lanes.LANES} floats at a time"


def cache_folder():
    """Find the folder where compiled kernels are kept, making it if needed.

    Returns
    -------
    Path or None
        None if there is no place that can be written, so that nothing is kept.
    """
    home = compiler._home("gemm")  # of one module; its folder lies beside the others
    return None if home is None else home.folder.parent
