"""What stands in a CIFAR-10 file: its hash, its layout, its pictures.

CIFAR-10 comes in two layouts with the same pictures in the same order:

- *python*: ``data_batch_1`` ... ``data_batch_5``, ``test_batch`` and
  ``batches.meta``, pickles written by Python 2;
- *binary*: the same names ending in ``.bin``, each a row of records
  ``<1 byte label><3072 bytes pixels>``, and ``batches.meta.txt``.

A pickle can run any code when it is opened.  Ours may name four things only, and
gets harmless stand-ins for these; what it would do is looked through beforehand.

References
----------
Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009,
chapter 3, describes the data; https://www.cs.toronto.edu/~kriz/cifar.html the files.
"""

import hashlib
import io
import pickle
import pickletools

import numpy as np

# MD5 of the official files, in the order in which they are read.
PYTHON_MD5 = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
    "batches.meta": "5ff9c542aee3614f3951f8cda6e48888",
}
# The records of the binary layout follow from the python batches, and so do
# these hashes.  The list of names is hashed with "\n" between the names, because
# line ends change when a text file travels.
BINARY_MD5 = {
    "data_batch_1.bin": "5dd7e06a14cb22eb9f671a540d1b7c25",
    "data_batch_2.bin": "5ea93a67294ea407fff1d09f752e9692",
    "data_batch_3.bin": "942cd6a4bcdd0dd3c604fbe906cb4421",
    "data_batch_4.bin": "ae636b3ba5c66a11e91e8cb52e771fcb",
    "data_batch_5.bin": "53f37980c15c3d472c316c40844f3f0d",
    "test_batch.bin": "803d5f7f4d78ea53de84dbe85f74fb6d",
    "batches.meta.txt": "c4a53feb1b64ee5c7b132f9a245e037b",
}
OFFICIAL_MD5 = PYTHON_MD5 | BINARY_MD5

PIXELS = 3 * 32 * 32
RECORD = 1 + PIXELS
OFFICIAL_SIZES = {
    "data_batch_1": 31035704,
    "data_batch_2": 31035320,
    "data_batch_3": 31035999,
    "data_batch_4": 31035696,
    "data_batch_5": 31035623,
    "test_batch": 31035526,
} | {name: 10000 * RECORD for name in BINARY_MD5 if name.endswith(".bin")}


class CIFAR10Error(ValueError):
    """The CIFAR-10 data asked for cannot be used; the message says why."""


def file_md5(name, content):
    """Compute the MD5 by which a CIFAR-10 file is known, as hex digits."""
    if name.endswith(".txt"):
        content = b"\n".join(content.split())
    # MD5 guards against accidents, not attackers; FIPS machines insist on that.
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def hash_problem(name, content, where):
    """Compare one file with the official one.

    Returns
    -------
    str or None
        A sentence with both hashes if they differ.
    """
    got, expected = file_md5(name, content), OFFICIAL_MD5[name]
    if got == expected:
        return None
    return f"{name} in {where} is not the official file: MD5 {got}, expected {expected}"


def parse_batch(name, content, where):
    """Read the pictures and labels of one batch file.

    Parameters
    ----------
    name : str
        Name of the file; ``.bin`` at its end means the binary layout.
    content : bytes
        The whole file.
    where : str
        The folder or archive it comes from, for messages.

    Returns
    -------
    X : ndarray of shape (N, 3, 32, 32)
        Pictures, uint8.
    y : ndarray of shape (N,)
        Labels 0..9, int64.

    Raises
    ------
    CIFAR10Error
        If the file is truncated, malicious, or has the wrong shape or labels.
    """
    read = _read_records if name.endswith(".bin") else _read_pickled_batch
    data, labels = read(name, content, where)
    if len(labels) != len(data) or not len(data):
        raise CIFAR10Error(
            f"{name} in {where} has {len(data)} pictures and {len(labels)} labels, "
            "expected as many of each, and at least one"
        )
    # Python integers of any size: the range check comes before the conversion, and
    # the message names no value, which might be too long to print.
    if not all(0 <= y <= 9 for y in labels):
        raise CIFAR10Error(f"{name} in {where} has labels outside of 0 to 9")
    return data.reshape(-1, 3, 32, 32), np.array(labels, np.int64)


def _read_records(name, content, where):
    """Split a file of the binary layout into pixels and labels."""
    if len(content) % RECORD:
        raise CIFAR10Error(
            f"{name} in {where} has {len(content):,} bytes, expected a multiple of "
            f"{RECORD}: it is truncated or no CIFAR-10 file"
        )
    records = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    return records[:, 1:], records[:, 0]


def _read_pickled_batch(name, content, where):
    """Take pixels and labels out of a file of the python layout."""
    batch = _unpickle(name, content, where)
    data, labels = batch.get("data"), batch.get("labels")
    if not isinstance(data, _Array) or data.shape[1:] != (PIXELS,):
        got = getattr(data, "shape", type(data).__name__)
        raise CIFAR10Error(
            f"'data' of {name} in {where} is {got}, expected a uint8 array of shape "
            f"(N, {PIXELS})"
        )
    if not isinstance(labels, list) or any(type(y) is not int for y in labels):
        raise CIFAR10Error(f"'labels' of {name} in {where} is not a list of integers")
    return data.pixels, labels


def parse_classes(name, content, where):
    """Read the ten class names, as a tuple of str; arguments as in `parse_batch`."""
    if name.endswith(".txt"):
        names = content.split()
    else:
        names = _unpickle(name, content, where).get("label_names")
    try:
        names = tuple(n.decode() if isinstance(n, bytes) else n for n in names)
    except (TypeError, UnicodeDecodeError):
        names = ()
    if len(names) != 10 or not all(isinstance(n, str) for n in names):
        raise CIFAR10Error(f"{name} in {where} does not list ten class names")
    return names


class _Array:
    """Stands in for numpy.ndarray while unpickling: takes uint8 rows only.

    NumPy's own reconstruction code never sees a state that a file made up.  A pickle
    may set attributes of whatever it can name, unless that has a `__setstate__`: so
    this is a class and no function.
    """

    shape = ()

    def __init__(self, *arguments):
        """Ignore the arguments of NumPy's `_reconstruct`: type and empty shape."""

    def __setstate__(self, state):
        _, shape, dtype, fortran, content = state
        if not isinstance(dtype, _UInt8) or len(shape) != 2:
            raise pickle.UnpicklingError("an array that is not two-dimensional uint8")
        order = "F" if fortran else "C"
        pixels = np.frombuffer(content, np.uint8).reshape(shape, order=order)
        self.pixels, self.shape = pixels, pixels.shape


class _UInt8:
    """Stands in for numpy.dtype while unpickling: knows uint8 only."""

    def __init__(self, code, *flags):
        if code not in (b"u1", "u1"):
            raise pickle.UnpicklingError("an array of another type than uint8")

    def __setstate__(self, state):
        """Ignore byte order and alignment: uint8 has neither."""


class _BatchUnpickler(pickle.Unpickler):
    """Unpickler for CIFAR-10 batches: four names are known, nothing else."""

    KNOWN = {
        ("numpy.core.multiarray", "_reconstruct"): _Array,
        ("numpy._core.multiarray", "_reconstruct"): _Array,
        ("numpy", "ndarray"): "numpy.ndarray",  # only ever handed to `_reconstruct`
        ("numpy", "dtype"): _UInt8,
    }

    def find_class(self, module, name):
        """Look up a name that the pickle asks for."""
        if (module, name) not in self.KNOWN:
            raise pickle.UnpicklingError(
                f"it asks for {module}.{name}, which no CIFAR-10 file needs: do not "
                "open it with anything else"
            )
        return self.KNOWN[module, name]


# What dicts, lists, numbers, text and arrays are pickled with, in any protocol.
OPCODES = frozenset(
    "PROTO FRAME MARK STOP NONE NEWTRUE NEWFALSE INT BININT BININT1 BININT2 LONG LONG1 "
    "LONG4 FLOAT BINFLOAT STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES "
    "BINBYTES8 UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 EMPTY_LIST LIST APPEND "
    "APPENDS EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 EMPTY_DICT DICT SETITEM SETITEMS "
    "GET BINGET LONG_BINGET PUT BINPUT LONG_BINPUT MEMOIZE GLOBAL STACK_GLOBAL REDUCE "
    "BUILD".split()
)
OPCODE_CAP = 1_000_000  # the official batches have 30,098


def _scan(content):
    """Refuse a pickle that would do, or take memory for, what no batch needs."""
    for count, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if opcode.name not in OPCODES:
            raise pickle.UnpicklingError(f"it uses the opcode {opcode.name}")
        if count >= OPCODE_CAP:
            raise pickle.UnpicklingError(f"it has more than {OPCODE_CAP:,} opcodes")
        # The memo is a table as long as its largest index.
        if opcode.name.endswith("PUT") and argument > OPCODE_CAP:
            raise pickle.UnpicklingError("its memo is too large")


def _unpickle(name, content, where):
    """Give the dict in a python-layout file, its keys as str."""
    try:
        _scan(content)
        batch = _BatchUnpickler(io.BytesIO(content), encoding="bytes").load()
        return {k.decode() if isinstance(k, bytes) else k: v for k, v in batch.items()}
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise CIFAR10Error(
            f"{name} in {where} is not a readable CIFAR-10 file ({error})"
        ) from error
