"""A test of every address: what pointer code does not have by itself.

With ``UTILS_CHECK_MEMORY=1`` in the environment, `simd` compiles each load and store
together with a call of a function that looks its address up in a table.  An address
outside all watched arrays is counted, and a harmless one takes its place, so the test
that finds the mistake survives it.
"""

import os
from contextlib import contextmanager

import numpy as np
from llvmlite import ir
from numba.core import cgutils

from utils.kernels.lanes import I1, I64

CHECKED = os.environ.get("UTILS_CHECK_MEMORY", "0") not in ("", "0")

# Addresses that checked loads and stores may touch: rows (first byte, last byte + 1).
_ALLOWED = np.zeros((256, 2), np.int64)
_FAULTS = np.zeros(2, np.int64)  # how many accesses missed, and the last address
_HARMLESS = np.zeros(4096, np.uint8)  # where they go instead


def checked(e, address, size):
    """Write down the test of one address; give it, or a harmless one in its place."""
    module, name = e.builder.module, "utils_checked_address"
    function = module.globals.get(name) or _write_check(module, name)
    return e.builder.call(function, [address, ir.Constant(I64, size)])


def _write_check(module, name):
    """Write the function that looks an address up in the table."""
    function = ir.Function(module, ir.FunctionType(I64, [I64, I64]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block())
    address, size = function.args

    def number(address):
        return builder.inttoptr(address, I64.as_pointer())

    def constant(value):
        return ir.Constant(I64, value)

    found = cgutils.alloca_once_value(builder, ir.Constant(I1, 0))
    end = builder.add(address, size)
    with cgutils.for_range(builder, constant(len(_ALLOWED)), intp=I64) as loop:
        offset = builder.mul(loop.index, constant(16))
        row = builder.add(constant(_ALLOWED.ctypes.data), offset)
        low = builder.load(number(row))
        high = builder.load(number(builder.add(row, constant(8))))
        above = builder.icmp_signed(">=", address, low)
        inside = builder.and_(above, builder.icmp_signed("<=", end, high))
        builder.store(builder.or_(builder.load(found), inside), found)
    good = builder.load(found)
    with builder.if_then(builder.not_(good)):
        faults = constant(_FAULTS.ctypes.data)
        builder.atomic_rmw("add", number(faults), constant(1), "monotonic")
        builder.store(address, number(builder.add(faults, constant(8))))
    harmless = constant(_HARMLESS.ctypes.data)
    builder.ret(builder.select(good, address, harmless))
    return function


@contextmanager
def watched(*arrays):
    """Allow the kernels inside to touch these arrays and nothing else.

    Parameters
    ----------
    *arrays : ndarray
        Their memory, from the first to the last byte, is what may be touched.

    Raises
    ------
    RuntimeError
        When the block ends, if a load or store missed them; or if the memory checks
        are off, in which case nothing would be noticed.
    """
    if not CHECKED:
        raise RuntimeError("Start Python with UTILS_CHECK_MEMORY=1 to watch arrays.")
    before = _ALLOWED.copy()
    free = np.flatnonzero(_ALLOWED[:, 1] == 0)
    if len(arrays) > len(free):
        raise ValueError(f"{len(arrays)} arrays, expected at most {len(free)}.")
    for row, array in zip(free, arrays, strict=False):
        _ALLOWED[row] = np.lib.array_utils.byte_bounds(array)
    _FAULTS[:] = 0
    try:
        yield
    finally:
        _ALLOWED[:] = before
    if _FAULTS[0]:
        raise RuntimeError(
            f"{_FAULTS[0]} loads or stores missed the watched arrays, "
            f"the last one at address {_FAULTS[1]:#x}."
        )
