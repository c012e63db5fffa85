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

Only `lanes` knows how wide the vectors of this machine are.

Memory checks.  Nothing stops pointer code from writing past an array.  With
``UTILS_CHECK_MEMORY=1`` every load and store is compiled together with a test of its
address against the arrays named by `watched` (see `watch`); the tests run all kernels
in this way.
"""

import inspect

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from utils.kernels.lanes import (
    BYTE_VECTOR,
    BYTES,
    COLUMNS,
    F32,
    I8,
    I32,
    I64,
    INT_VECTOR,
    LANES,
    ROWS,
    VECTOR,
    padded,
)
from utils.kernels.values import Int, Loop, Record, Variable, Vector
from utils.kernels.watch import CHECKED, checked, watched

__all__ = [
    "BYTES",
    "COLUMNS",
    "Emitter",
    "LANES",
    "ROWS",
    "address",
    "instruction",
    "next_ticket",
    "padded",
    "returns_int",
    "watched",
]


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
            value = checked(self, value, size)
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

    def when(self, condition):
        """Open a block that runs only if the condition holds: ``with e.when(...)``."""
        return self.builder.if_then(condition)

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
        """Call LLVM's function `name` (``fabs``, ``sqrt``) on all lanes."""
        kind = ir.FunctionType(VECTOR, [VECTOR])
        function = self._declare(f"llvm.{name}.v{LANES}f32", kind)
        return Vector(self, self.builder.call(function, [x.value]))

    def power_of_two(self, n):
        """Give 2**n for a vector of whole numbers between -126 and 127."""
        bits = self.builder.fptosi(n.value, INT_VECTOR)
        bits = self.builder.add(bits, ir.Constant(INT_VECTOR, [127] * LANES))
        bits = self.builder.shl(bits, ir.Constant(INT_VECTOR, [23] * LANES))
        return Vector(self, self.builder.bitcast(bits, VECTOR))

    def prefetch(self, address):
        """Ask for the cache line at an address, without waiting for it."""
        pointer = I8.as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, I32, I32, I32])
        function = self._declare("llvm.prefetch.p0", kind)
        hints = [ir.Constant(I32, number) for number in (0, 2, 1)]
        place = self.builder.inttoptr(address.value, pointer)
        self.builder.call(function, [place, *hints])

    def variable(self, initial):
        """Give a place for a value that changes in a loop."""
        kind = type(initial)
        slot = cgutils.alloca_once_value(self.builder, initial.value)
        return Variable(self, slot, kind)

    def loop(self, count):
        """Open a loop that runs `count` times: ``with e.loop(count) as index``."""
        return Loop(self, count)

    def _declare(self, name, kind):
        module = self.builder.module
        return module.globals.get(name) or ir.Function(module, kind, name)


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


@instruction
def turn(e, w, w_row, out, out_row):
    """Transpose a square of LANES x LANES numbers; rows are so many bytes apart."""
    rows = [e.load(w + w_row * i) for i in range(LANES)]
    for i, column in enumerate(e.transpose(rows)):
        e.store(column, out + out_row * i)
