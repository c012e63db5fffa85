"""Values on a pipe between a check and the process in which a student's code runs.

Only plain values travel: None, bool, int, float, str, arrays of real numbers, tuples,
lists and dicts.  Anything else stays where it is and travels as an `Opaque`, the number
of a thing on the other side.  Nothing is pickled and nothing is evaluated, and whoever
reads trusts nobody: sizes, types and depth are looked at before memory is spent.

A frame is its length in 8 bytes and one value; a value is a tag of one byte and what
the tag asks for.  This module imports numpy only, because the child loads it alone.
"""

import contextlib
import re
import struct

import numpy as np

LARGEST = 1 << 29  # bytes in a frame
DEEPEST = 8  # containers within containers
MOST = 100_000  # values in containers, all in all
STRANGEST = 1 << 20  # bytes of an array of which only dtype and shape travel
DTYPES = ("|b1", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8")
DTYPES += ("<f2", "<f4", "<f8")
LONG, OTHER = 254, 255  # instead of a place in DTYPES
SCALARS = (bool, int, float, str, type(None))  # what a key of a dict may be


class Rubbish(Exception):
    """What came through a pipe is no value; the text says why."""


class Opaque:
    """A thing that stays in the other process.

    The decoder makes a subclass with the name of the thing's type, so that messages
    that name the type of a value are right without knowing of this.
    """

    def __init__(self, handle):
        self.handle = handle

    def __repr__(self):
        """Name the type only."""
        return f"<{type(self).__name__}>"


def opaque(handle, name):
    """Return an `Opaque` whose type has, as far as it is harmless, this name."""
    plain = "".join(c for c in name[:80] if c.isascii() and (c.isalnum() or c == "_"))
    return type(plain or "object", (Opaque,), {})(handle)


class TooMuch(Exception):
    """A value is too large for a frame; the text says what it is."""


def encode(value, keep=None):
    """Return a value as bytes.

    Parameters
    ----------
    value : object
        What to send.
    keep : callable, optional
        ``keep(thing) -> int`` keeps what cannot travel and returns its number.  By
        default that is a TypeError.

    Returns
    -------
    bytes

    Raises
    ------
    TooMuch
        If it has more than ``LARGEST`` bytes or some ``MOST`` values.
    """
    parts = []
    _put(parts, value, keep or _refuse, 0)
    if sum(map(len, parts)) > LARGEST:
        raise TooMuch(f"values of more than {LARGEST >> 20} MB")
    return b"".join(parts)


def decode(data, thing=None):
    """Return the value that bytes stand for.

    Parameters
    ----------
    data : bytes
        What came through the pipe.
    thing : callable, optional
        ``thing(handle, name)`` gives what stands for a thing; by default an `Opaque`.

    Raises
    ------
    Rubbish
        If they stand for none.
    """
    reader = _Reader(data, thing or opaque)
    try:
        value = reader.value(0)
    except (ValueError, OverflowError, MemoryError) as error:
        raise Rubbish(f"it cannot be read: {error}") from None
    if reader.at != len(data):
        raise Rubbish("there are bytes behind the end of a value")
    return value


def send(file, data):
    """Write the bytes of `encode` as a frame."""
    file.write(struct.pack("<Q", len(data)) + data)
    file.flush()


def receive(file, largest=LARGEST):
    """Read a frame; return its bytes, or None at the end of the file.

    Parameters
    ----------
    file : file
        Open for reading bytes.
    largest : int, optional
        How many bytes a frame may have.

    Raises
    ------
    Rubbish
        If it is too long, or ends in the middle.
    """
    head = file.read(8)
    if not head:
        return None
    size = struct.unpack("<Q", head)[0] if len(head) == 8 else largest + 1
    if size > largest:
        raise Rubbish("a frame begins with an impossible length")
    data = file.read(size)
    if len(data) < size:
        raise Rubbish("a frame ends in the middle")
    return data


def _refuse(value):
    raise TypeError(f"a value of type {type(value).__name__} cannot be sent")


def _put(parts, value, keep, depth):
    """Append the bytes of a value.  Base classes do it: subclasses may lie."""
    kind = type(value)
    if value is None or kind is bool:
        parts.append({None: b"N", True: b"T", False: b"F"}[value])
    elif kind is int and value.bit_length() < 2000:
        digits = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
        parts.append(b"i" + struct.pack("<B", len(digits)) + digits)
    elif kind is float:
        parts.append(b"f" + struct.pack("<d", value))
    elif kind is str:
        parts.append(b"s" + _text(value))
    elif isinstance(value, np.ndarray | np.generic):
        _put_array(parts, value)
    elif (name := _scalar_type(value)) is not None:
        parts.append(b"y" + _text(name))
    elif isinstance(value, tuple | list | dict) and depth < DEEPEST:
        _put_container(parts, value, keep, depth)
    elif isinstance(value, Opaque):
        parts.append(b"o" + struct.pack("<I", value.handle) + _text(kind.__name__))
    else:
        parts.append(b"o" + struct.pack("<I", keep(value)) + _text(kind.__name__[:80]))


def _put_container(parts, value, keep, depth):
    base = next(b for b in (tuple, list, dict) if isinstance(value, b))
    entries = list(base.items(value) if base is dict else base.__iter__(value))
    plain = base is not dict or all(type(key) in SCALARS for key, _ in entries)
    if len(entries) > MOST or not plain:
        parts.append(b"o" + struct.pack("<I", keep(value)) + _text(base.__name__))
        return
    if len(parts) > MOST:
        raise TooMuch(f"containers with more than {MOST:,} values")
    tag = {tuple: b"t", list: b"l", dict: b"d"}[base]
    parts.append(tag + struct.pack("<I", len(entries)))
    for entry in entries:
        for part in entry if base is dict else (entry,):
            _put(parts, part, keep, depth + 1)


def _put_array(parts, value):
    """Append an array: dtype, shape, order of axes and values.

    Long doubles travel as float64.  Of an array with any other dtype (objects, texts,
    complex numbers) only dtype and shape travel: the reader gets as many empty values.
    """
    array = np.array(value, copy=None, subok=False)
    dtype = array.dtype.newbyteorder("<").str
    code = DTYPES.index(dtype) if dtype in DTYPES else OTHER
    if code == OTHER and array.dtype.type is np.longdouble:
        dtype, code = "<f8", LONG
    if array.nbytes > (STRANGEST if code == OTHER else LARGEST):
        size = f"{array.nbytes >> 20} MB"
        raise TooMuch(f"an array of shape {array.shape}, which is {size}")
    tag = b"a" if isinstance(value, np.ndarray) else b"g"
    parts.append(tag + struct.pack("<BB", code, array.ndim))
    for axis in zip(array.shape, *_order(array), strict=True):
        parts.append(struct.pack("<QBB", *axis))
    if code == OTHER:
        parts.append(_text(dtype))
    else:
        parts.append(array.astype(dtype, copy=False).tobytes())


def _order(array):
    """Return the axes from the largest step in memory to the smallest, and signs."""
    steps = [s if n > 1 else 0 for s, n in zip(array.strides, array.shape, strict=True)]
    axes = sorted(range(array.ndim), key=lambda axis: -abs(steps[axis]))
    return axes, [step < 0 for step in steps]


def _text(text):
    data = text.encode("utf-8", "backslashreplace")[:LARGEST]
    return struct.pack("<I", len(data)) + data


def _scalar_type(value):
    """Return the name of a numpy dtype or scalar type that may travel, or None."""
    is_type = isinstance(value, type) and issubclass(value, np.generic)
    if isinstance(value, np.dtype) or is_type:
        name = np.dtype(value).newbyteorder("<").str
        return name if name in DTYPES else None
    return None


class _Reader:
    """Read values from bytes that anybody may have written."""

    def __init__(self, data, thing):
        self.data, self.thing = memoryview(data), thing
        self.at = self.count = 0

    def take(self, size):
        if size > len(self.data) - self.at:
            raise Rubbish("a value ends in the middle")
        self.at += size
        return self.data[self.at - size : self.at]

    def numbers(self, layout):
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout)))

    def text(self):
        (size,) = self.numbers("I")
        return bytes(self.take(size)).decode("utf-8", "replace")

    def value(self, depth):
        tag = bytes(self.take(1))
        if tag in b"NTF":
            return {b"N": None, b"T": True, b"F": False}[tag]
        if tag == b"i":
            return int.from_bytes(self.take(*self.numbers("B")), "little", signed=True)
        if tag == b"f":
            return self.numbers("d")[0]
        if tag == b"s":
            return self.text()
        if tag == b"y":
            return self.scalar_type()
        if tag == b"o":
            (handle,) = self.numbers("I")
            return self.thing(handle, self.text())
        if tag in b"ag":
            array = self.array()
            return array if tag == b"a" else array[()]
        if tag in b"tld":
            return self.container(tag, depth)
        raise Rubbish(f"there is no tag {tag!r}")

    def scalar_type(self):
        name = self.text()
        if name not in DTYPES:
            raise Rubbish("there is no such dtype")
        return np.dtype(name).type

    def container(self, tag, depth):
        (size,) = self.numbers("I")
        self.count += size
        if self.count > 3 * MOST or depth >= DEEPEST:
            raise Rubbish("a container is too large or too deep")
        if tag != b"d":
            values = [self.value(depth + 1) for _ in range(size)]
            return tuple(values) if tag == b"t" else values
        result = {}
        for _ in range(size):
            key = self.value(depth + 1)
            if type(key) not in SCALARS:
                raise Rubbish("a key of a dict is no text and no number")
            result[key] = self.value(depth + 1)
        return result

    def array(self):
        code, ndim = self.numbers("BB")
        axes = [self.numbers("QBB") for _ in range(ndim)]
        shape, order, flips = zip(*axes, strict=True) if axes else ((), (), ())
        known = code < len(DTYPES) or code == LONG
        dtype = np.dtype("<f8" if code == LONG else DTYPES[code]) if known else None
        dtype = dtype or _strange(self.text())
        size = dtype.itemsize
        for n in shape:
            size *= n
        if ndim > 32 or max(size, *shape, 0) > (LARGEST if known else STRANGEST):
            raise Rubbish("an array is too large")
        if sorted(order) != list(range(ndim)):
            raise Rubbish("an array has no shape")
        if not known:
            return np.broadcast_to(np.zeros((), dtype), shape)
        values = np.frombuffer(self.take(size), dtype).reshape(shape)
        if code == LONG:
            values = values.astype(np.longdouble)
        return _laid_out(values, order, flips)


def _strange(text):
    """Return the dtype of this name if it is harmless, else that of objects."""
    if re.fullmatch(r"[<|][cmMSUV]\d{1,8}(\[\w{1,12}\])?", text):
        with contextlib.suppress(TypeError):
            return np.dtype(text)
    return np.dtype(object)


def _laid_out(values, order, flips):
    """Copy an array into a new one with the given order of axes and signs of steps."""
    if list(order) == sorted(order) and not any(flips):
        return values.copy()
    memory = np.empty([values.shape[axis] for axis in order], values.dtype)
    array = memory.transpose([order.index(axis) for axis in range(len(order))])
    array = array[(*(slice(None, None, -1 if flip else 1) for flip in flips), ...)]
    array[...] = values
    return array
