"""What instructions are written with: numbers that exist at run time only.

``a + b`` on these objects does not compute: it appends an addition to the code that
LLVM will compile (see `simd`).  An `Int` is a whole number or an address, a `Vector` is
`LANES` floats, a `Record` a named tuple of them.
"""

from llvmlite import ir
from numba.core import cgutils

from utils.kernels.lanes import I64

# A product may be fused with the sum it goes into (one rounding instead of two), and
# the sign of a zero does not matter.  Everything else is exact IEEE arithmetic.
FLAGS = ("contract", "nsz")


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


class Loop:
    """A loop at run time; `Emitter.loop` opens it."""

    def __init__(self, e, count):
        self.e, self.loop = e, cgutils.for_range(e.builder, count.value, intp=I64)

    def __enter__(self):
        """Begin the loop's body; give the index."""
        return Int(self.e, self.loop.__enter__().index)

    def __exit__(self, *error):
        """End the loop's body."""
        return self.loop.__exit__(*error)
