"""How wide the vectors of this machine are, and how many it has.

Everything else in the engine is written for `LANES` floats per vector and for blocks of
`ROWS` x `COLUMNS` vectors, whatever these are.
"""

import platform

from llvmlite import ir
from numba.core.registry import cpu_target

F32, I64, I32, I8, I1 = ir.FloatType(), *(ir.IntType(bits) for bits in (64, 32, 8, 1))


def _features():
    """Name the instruction sets that Numba compiles for."""
    features = cpu_target.target_context.codegen()._tm_features
    return {name[1:] for name in features.split(",") if name.startswith("+")}


def _shape():
    """Choose floats per vector, and how large a block the registers hold.

    Returns
    -------
    lanes, rows, columns : int
        ``rows * columns`` vectors of sums, `columns` vectors of the right matrix and
        one number of the left one fit into the registers together: 32 in AVX-512 and
        NEON, 16 in AVX2 and SSE.
    """
    enabled = _features()
    if platform.machine().lower() in ("arm64", "aarch64"):
        return 4, 6, 4
    if "avx512f" in enabled:
        return 16, 12, 2
    if "avx" in enabled:
        return 8, 6, 2
    return 4, 6, 2


LANES, ROWS, COLUMNS = _shape()
BYTES = 4 * LANES
VECTOR = ir.VectorType(F32, LANES)
BYTE_VECTOR, INT_VECTOR = ir.VectorType(I8, LANES), ir.VectorType(I32, LANES)


def padded(channels):
    """Round a number of channels up to whole vectors."""
    return -(-channels // LANES) * LANES
