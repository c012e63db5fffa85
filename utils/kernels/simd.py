"""Vector instructions from pure Python: one instruction, many numbers.

A processor adds one pair of floats in an instruction, or sixteen pairs (AVX-512), eight
(AVX2), four (SSE, NEON) in one that takes the same time.  Numba's compiler finds such
*vector* instructions in simple loops by itself, but not the arrangement that a fast
matrix product or a Winograd transform needs: which numbers stay in registers, and for
how long.  Here we write those few pieces instruction by instruction, in Python.

How it works.  Numba compiles through LLVM, and lets us add instructions of our own
(`numba.extending.intrinsic`) by writing LLVM's language with llvmlite.  `instruction`
below wraps that: it turns a Python function over `Vector` and `Int` objects into
something that kernels can call::

    @instruction
    def scale(e, x, factor, out):
        e.store(factor * e.load(x), out)

The function runs once, when a kernel is compiled.  Its ``+`` and ``*`` do not
compute: they *write down* an addition of vectors of `LANES` floats.  Loops in it are
unrolled, ``if`` in it is decided at compile time, and Python is gone at run time.

An address is an `Int` that counts bytes.  Arrays given to an instruction arrive as the
address of their first number, floats as a vector that holds them in every lane, and a
named tuple as an object with the same attributes.

Only this file knows how wide the vectors of this machine are.

Memory checks.  Nothing stops pointer code from writing past an array.  With
``UTILS_CHECK_MEMORY=1`` every load and store is compiled together with a test of its
address against the arrays named by `watched`; the tests run all kernels in this way.
"""

import inspect
import os
import platform
from contextlib import contextmanager

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

F32, I64, I32, I8, I1 = ir.FloatType(), *(ir.IntType(bits) for bits in (64, 32, 8, 1))
CHECKED = os.environ.get("UTILS_CHECK_MEMORY", "0") not in ("", "0")
# A product may be fused with the sum it goes into (one rounding instead of two), and
# the sign of a zero does not matter.  Everything else is exact IEEE arithmetic.
FLAGS = ("contract", "nsz")


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
VECTOR, MASK = ir.VectorType(F32, LANES), ir.VectorType(I1, LANES)
BYTE_VECTOR, INT_VECTOR = ir.VectorType(I8, LANES), ir.VectorType(I32, LANES)


def padded(channels):
    """Round a number of channels up to whole vectors."""
    return -(-channels // LANES) * LANES


class Int:
    """A whole number known at run time: a count, or an address in bytes."""

    def __init__(self, e, value):
        self.e, self.value = e, value

    def _of(self, other):
        return other.value if isinstance(other, Int) else ir.Constant(I64, int(other))

    def __add__(self, other):
        """Write down an addition; adding 0 writes nothing."""
        if isinstance(other, int) and other == 0:
            return self
        return Int(self.e, self.e.builder.add(self.value, self._of(other)))

    def __sub__(self, other):
        """Write down a subtraction."""
        return Int(self.e, self.e.builder.sub(self.value, self._of(other)))

    def __mul__(self, other):
        """Write down a multiplication; those by 0 and 1 write nothing."""
        if isinstance(other, int) and other in (0, 1):
            return self if other else Int(self.e, ir.Constant(I64, 0))
        return Int(self.e, self.e.builder.mul(self.value, self._of(other)))

    def __and__(self, other):
        """Write down a bitwise and."""
        return Int(self.e, self.e.builder.and_(self.value, self._of(other)))

    def __rshift__(self, other):
        """Write down a shift to the right, which keeps the sign."""
        return Int(self.e, self.e.builder.ashr(self.value, self._of(other)))

    __radd__, __rmul__ = __add__, __mul__

    def below(self, size):
        """Tell whether 0 <= self < size: a truth value for `choose` and `when`."""
        return self.e.builder.icmp_unsigned("<", self.value, self._of(size))


class Vector:
    """`LANES` floats in a register."""

    def __init__(self, e, value):
        self.e, self.value = e, value

    def _of(self, other):
        return other if isinstance(other, Vector) else self.e.constant(other)

    def _write(self, operation, a, b):
        function = getattr(self.e.builder, operation)
        return Vector(self.e, function(a.value, b.value, flags=FLAGS))

    def __add__(self, other):
        """Write down an addition, lane by lane."""
        return self._write("fadd", self, self._of(other))

    def __sub__(self, other):
        """Write down a subtraction."""
        return self._write("fsub", self, self._of(other))

    def __rsub__(self, other):
        """Write down a subtraction from a number."""
        return self._write("fsub", self._of(other), self)

    def __mul__(self, other):
        """Write down a multiplication; that by 1 writes nothing."""
        if not isinstance(other, Vector) and other == 1:
            return self
        return self._write("fmul", self, self._of(other))

    def __truediv__(self, other):
        """Write down a division."""
        return self._write("fdiv", self, self._of(other))

    def __rtruediv__(self, other):
        """Write down a division of a number."""
        return self._write("fdiv", self._of(other), self)

    def __neg__(self):
        """Write down a change of sign."""
        return Vector(self.e, self.e.builder.fneg(self.value))

    __radd__, __rmul__ = __add__, __mul__

    def __gt__(self, other):
        """Compare lane by lane: a mask for `Emitter.where` (False beside a NaN)."""
        return self.e.builder.fcmp_ordered(">", self.value, self._of(other).value)

    def __eq__(self, other):
        """Compare lane by lane: a mask for `Emitter.where`."""
        return self.e.builder.fcmp_ordered("==", self.value, self._of(other).value)

    def is_nan(self):
        """Tell lane by lane which numbers are not a number."""
        return self.e.builder.fcmp_unordered("uno", self.value, self.value)

    __hash__ = None


class Record:
    """The fields of a named tuple given to an instruction."""

    def __init__(self, e, kind, value):
        self.kind = kind.instance_class
        for i, (name, field) in enumerate(zip(kind.fields, kind.types, strict=True)):
            part = e.builder.extract_value(value, i)
            setattr(self, name, e.wrap(field, part))


class Emitter:
    """What instructions are written with: memory, constants and choices."""

    def __init__(self, context, builder):
        self.context, self.builder = context, builder

    def wrap(self, kind, value):
        """Give the object that stands for one argument of an instruction."""
        if isinstance(kind, types.BaseNamedTuple):
            return Record(self, kind, value)
        if isinstance(kind, types.Array):
            array = self.context.make_array(kind)(self.context, self.builder, value)
            return Int(self, self.builder.ptrtoint(array.data, I64))
        if isinstance(kind, types.Float):
            return self.splat(self.context.cast(self.builder, value, kind, types.f4))
        if isinstance(kind, types.Boolean | types.Integer):
            return Int(self, self.context.cast(self.builder, value, kind, types.i8))
        raise TypeError(f"an instruction cannot take a {kind}")

    def int(self, number):
        """Give a whole number known at compile time."""
        return Int(self, ir.Constant(I64, number))

    def constant(self, number):
        """Give a vector that holds `number` in every lane."""
        return Vector(self, ir.Constant(VECTOR, [float(number)] * LANES))

    def splat(self, scalar, kind=VECTOR):
        """Copy one LLVM scalar into all lanes."""
        undefined = ir.Constant(kind, ir.Undefined)
        one = self.builder.insert_element(undefined, scalar, ir.Constant(I32, 0))
        first = ir.Constant(ir.VectorType(I32, LANES), [0] * LANES)
        lanes = self.builder.shuffle_vector(one, undefined, first)
        return Vector(self, lanes) if kind is VECTOR else lanes

    def _pointer(self, address, kind, size):
        value = address.value
        if CHECKED:
            value = _checked(self, value, size)
        return self.builder.inttoptr(value, kind.as_pointer())

    def load(self, address):
        """Read a vector from memory (no alignment needed)."""
        value = self.builder.load(self._pointer(address, VECTOR, BYTES))
        value.align = 4
        return Vector(self, value)

    def load_scalar(self, address):
        """Read one float and copy it into all lanes."""
        value = self.builder.load(self._pointer(address, F32, 4))
        value.align = 4
        return self.splat(value)

    def load_int(self, address):
        """Read a whole number of 64 bits."""
        value = self.builder.load(self._pointer(address, I64, 8))
        value.align = 8
        return Int(self, value)

    def gather(self, address, step):
        """Read one float from each of `LANES` places that are `step` bytes apart."""
        value = ir.Constant(VECTOR, ir.Undefined)
        for lane in range(LANES):
            place = self._pointer(address + step * lane, F32, 4)
            number = self.builder.load(place)
            number.align = 4
            lane = ir.Constant(I32, lane)
            value = self.builder.insert_element(value, number, lane)
        return Vector(self, value)

    def transpose(self, vectors):
        """Turn `LANES` vectors, the rows of a square, into its columns.

        Swaps the halves of rows that are LANES/2 apart, then quarters, and so on.
        """
        size = LANES
        while size > 1:
            half = size // 2
            for first in range(0, LANES, size):
                for i in range(first, first + half):
                    pair = vectors[i], vectors[i + half]
                    vectors[i], vectors[i + half] = self._swap(*pair, half)
            size = half
        return vectors

    def _swap(self, a, b, half):
        """Swap every second run of `half` lanes of a with the runs of b before them."""
        lanes = range(LANES)
        low = [i if not i & half else LANES + i - half for i in lanes]
        high = [i + half if not i & half else LANES + i for i in lanes]
        masks = [ir.Constant(ir.VectorType(I32, LANES), lanes) for lanes in (low, high)]
        shuffle = self.builder.shuffle_vector
        return [Vector(self, shuffle(a.value, b.value, mask)) for mask in masks]

    def store(self, vector, address, streaming=False):
        """Write a vector to memory.

        A `streaming` store passes the caches by; its address must be a multiple of
        the vector's size.
        """
        write = self.builder.store(vector.value, self._pointer(address, VECTOR, BYTES))
        write.align = BYTES if streaming else 4
        if streaming:
            one = self.builder.module.add_metadata([ir.Constant(I32, 1)])
            write.set_metadata("nontemporal", one)

    def load_bytes(self, address):
        """Read `LANES` bytes (small whole numbers, one per lane)."""
        value = self.builder.load(self._pointer(address, BYTE_VECTOR, LANES))
        value.align = 1
        return value

    def store_bytes(self, value, address):
        """Write `LANES` bytes."""
        write = self.builder.store(value, self._pointer(address, BYTE_VECTOR, LANES))
        write.align = 1

    def byte_constant(self, number):
        """Give `LANES` bytes that all hold `number`."""
        return ir.Constant(BYTE_VECTOR, [number] * LANES)

    def byte_splat(self, number):
        """Copy an `Int` into all lanes as a byte."""
        return self.splat(self.builder.trunc(number.value, I8), BYTE_VECTOR)

    def bytes_equal(self, a, b):
        """Compare bytes lane by lane: a mask for `where`."""
        return self.builder.icmp_unsigned("==", a, b)

    def where(self, mask, yes, no):
        """Choose lane by lane between two vectors (floats or bytes)."""
        if isinstance(yes, Vector):
            return Vector(self, self.builder.select(mask, yes.value, no.value))
        return self.builder.select(mask, yes, no)

    def choose(self, condition, yes, no):
        """Choose between two vectors, or two whole numbers, by one truth value."""
        value = self.builder.select(condition, yes.value, no.value)
        return type(yes)(self, value)

    def both(self, a, b):
        """Give the truth value (or mask) `a and b`."""
        return self.builder.and_(a, b)

    def neither(self, a):
        """Give the truth value (or mask) `not a`."""
        return self.builder.not_(a)

    def when(self, condition):
        """Open a block that runs only if the condition holds: ``with e.when(...)``."""
        return self.builder.if_then(condition)

    def maximum(self, a, b):
        """Give the larger number; a NaN in `b` wins."""
        return self.where(a > b, a, b)

    def beats(self, a, b):
        """Compare lane by lane: a mask of where a > b, or a is a NaN and b is not."""
        larger = self.builder.fcmp_unordered(">", a.value, b.value)
        return self.both(larger, self.builder.fcmp_ordered("ord", b.value, b.value))

    def relu(self, x):
        """Give max(0, x); a NaN stays."""
        zero = self.constant(0)
        smaller = self.builder.fcmp_ordered("<", x.value, zero.value)
        return self.where(smaller, zero, x)

    def math(self, name, x):
        """Call LLVM's function `name` (``fabs``, ``sqrt``, ``rint``) on all lanes."""
        kind = ir.FunctionType(VECTOR, [VECTOR])
        function = self._declare(f"llvm.{name}.v{LANES}f32", kind)
        return Vector(self, self.builder.call(function, [x.value]))

    def power_of_two(self, n):
        """Give 2**n for a vector of whole numbers between -126 and 127."""
        bits = self.builder.fptosi(n.value, INT_VECTOR)
        bits = self.builder.add(bits, ir.Constant(INT_VECTOR, [127] * LANES))
        bits = self.builder.shl(bits, ir.Constant(INT_VECTOR, [23] * LANES))
        return Vector(self, self.builder.bitcast(bits, VECTOR))

    def prefetch(self, address, write=False):
        """Ask for the cache line at an address, without waiting for it."""
        pointer = I8.as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, I32, I32, I32])
        function = self._declare("llvm.prefetch.p0", kind)
        hints = [ir.Constant(I32, number) for number in (int(write), 2, 1)]
        place = self.builder.inttoptr(address.value, pointer)
        self.builder.call(function, [place, *hints])

    def variable(self, initial):
        """Give a place for a value that changes in a loop."""
        kind = type(initial)
        slot = cgutils.alloca_once_value(self.builder, initial.value)
        return Variable(self, slot, kind)

    def loop(self, count):
        """Open a loop that runs `count` times: ``with e.loop(count) as index``."""
        return _Loop(self, count)

    def _declare(self, name, kind):
        module = self.builder.module
        return module.globals.get(name) or ir.Function(module, kind, name)


class Variable:
    """A value that changes in a loop; LLVM keeps it in a register."""

    def __init__(self, e, slot, kind):
        self.e, self.slot, self.kind = e, slot, kind

    def get(self):
        """Read the value."""
        return self.kind(self.e, self.e.builder.load(self.slot))

    def set(self, value):
        """Change the value."""
        self.e.builder.store(value.value, self.slot)


class _Loop:
    def __init__(self, e, count):
        self.e, self.loop = e, cgutils.for_range(e.builder, count.value, intp=I64)

    def __enter__(self):
        return Int(self.e, self.loop.__enter__().index)

    def __exit__(self, *error):
        return self.loop.__exit__(*error)


def instruction(function):
    """Turn ``function(e, ...)``, which writes instructions, into one for kernels.

    Parameters
    ----------
    function : callable
        Takes an `Emitter` and one object per argument (see the top of this file);
        returns None or an `Int`.

    Returns
    -------
    intrinsic
        To be called in a kernel.
    """
    names = list(inspect.signature(function).parameters)[1:]

    def typed(typing_context, *kinds):
        def codegen(context, builder, signature, values):
            e = Emitter(context, builder)
            pairs = zip(signature.args, values, strict=True)
            result = function(e, *(e.wrap(kind, value) for kind, value in pairs))
            return context.get_dummy_value() if result is None else result.value

        result = types.int64 if getattr(function, "returns_int", False) else types.void
        return result(*kinds), codegen

    # Numba wants the number of arguments in the signature: write one out.
    arguments = ", ".join(names)
    scope = {"typed": typed}
    exec(
        f"def {function.__name__}(t, {arguments}): return typed(t, {arguments})", scope
    )
    made = intrinsic(scope[function.__name__])
    made.__doc__ = function.__doc__
    return made


def returns_int(function):
    """Mark a function for `instruction` as one that gives a whole number."""
    function.returns_int = True
    return function


@instruction
@returns_int
def address(e, array):
    """Give the address of an array's first number."""
    return array


@instruction
@returns_int
def next_ticket(e, counter):
    """Take the next whole number from a counter that all threads share."""
    pointer = e.builder.inttoptr(counter.value, I64.as_pointer())
    one = ir.Constant(I64, 1)
    return Int(e, e.builder.atomic_rmw("add", pointer, one, "monotonic"))


# Addresses that checked loads and stores may touch: rows (first byte, last byte + 1).
_ALLOWED = np.zeros((256, 2), np.int64)
_FAULTS = np.zeros(2, np.int64)  # how many accesses missed, and the last address
_HARMLESS = np.zeros(4096, np.uint8)  # where they go instead


def _checked(e, address, size):
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
