"""How kernels are compiled, and where the compiled code is kept.

`kernel` turns a Python function into machine code the first time it is called with
arguments of new types:

- ``nogil``: while it runs, Python may run another one in a second thread;
- ``error_model="numpy"``: x / 0 is inf, so that no loop needs a test for it;
- not ``fastmath``: a NaN in must be a NaN out.

Compiling takes seconds, so the code is kept on disk.  Numba's own cache looks at the
file that holds a function, but ours are woven into one another: a microkernel of
`gemm.py` is compiled into the loops of `winograd.py`.  So the folder's name is a hash
of *all* sources in this folder, of the compiler's version and of the processor.  An
edit anywhere, another machine or another instruction set means another folder, and
stale code cannot be found.  Folders that nobody used lately are removed.

Each compiled function is one file, named by its types, written under another name and
moved: a second process finds all of it or nothing.  A damaged or unwritable cache
costs time and nothing else.
"""

import hashlib
import os
import pickle
import shutil
import sys
import tempfile
import time
import uuid
from functools import cache
from pathlib import Path

import llvmlite
import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.registry import cpu_target
from numba.core.serialize import dumps

KEPT = 8  # folders of the cache that survive, however old
RECENT = 3600.0  # seconds in which a folder counts as in use

SOURCES = Path(__file__).resolve().parent


def kernel(function):
    """Compile a function for threads, and keep the machine code on disk.

    Parameters
    ----------
    function : callable
        A function of a module (no closure), over arrays, numbers and named tuples.

    Returns
    -------
    callable
        To be called like the function, and by other kernels.  With
        ``NUMBA_DISABLE_JIT=1`` it is the function itself.
    """
    compiled = numba.njit(nogil=True, error_model="numpy")(function)
    if compiled is not function and _folder() is not None:
        compiled._cache = _Cache(function)
    return compiled


@cache
def _folder():
    """Give the folder for compiled code, or None if none can be written.

    Memory checks (see `simd.py`) compile addresses of this process into the code, so
    they do without.
    """
    if os.environ.get("UTILS_CHECK_MEMORY", "0") not in ("", "0"):
        return None
    for root in _roots():
        folder = root / "cnn-workbook-kernels" / _key()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
            os.utime(folder)
        except OSError:
            continue
        _prune(folder.parent)
        return folder
    return None


def _roots():
    """List the places for a cache, the best first."""
    if numba.config.CACHE_DIR:
        yield Path(numba.config.CACHE_DIR)
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        yield Path(os.environ["LOCALAPPDATA"])
    elif os.environ.get("XDG_CACHE_HOME"):
        yield Path(os.environ["XDG_CACHE_HOME"])
    else:
        caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
        home = os.path.expanduser("~")
        if os.path.isabs(home):  # otherwise nobody knows where home is
            yield Path(home, caches)
    # Code from a shared folder would run as us: the name says whose it is, and
    # `_private` that nobody else made it.
    user = getattr(os, "getuid", lambda: "user")()
    shared = Path(tempfile.gettempdir(), f"cache-{user}")
    if _private(shared):
        yield shared


def _private(folder):
    """Make a folder that only this user may write to; tell whether that is so."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return False
    if not hasattr(os, "getuid"):
        return True
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _key():
    """Hash everything that the machine code depends on."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    processor = cpu_target.target_context.codegen().magic_tuple()
    versions = numba.__version__, llvmlite.__version__, sys.version
    digest.update(repr((processor, versions, str(SOURCES))).encode())
    return digest.hexdigest()[:16]


def _prune(parent):
    """Remove the folders that were used longest ago."""
    try:
        used = sorted((-path.stat().st_mtime, path) for path in parent.iterdir())
    except OSError:  # another process was faster
        return
    for age, path in used[KEPT:]:
        if time.time() + age > RECENT:
            shutil.rmtree(path, ignore_errors=True)


class _Locator:
    """Where Numba's cache looks; the folder's name already says what is fresh."""

    def __init__(self, function, file):
        self.name = f"{Path(file).stem}.{function.__qualname__}"

    @classmethod
    def from_function(cls, function, file):
        """Serve every function."""
        return cls(function, file)

    def get_cache_path(self):
        return str(_folder())

    def get_source_stamp(self):
        return ""

    def get_disambiguator(self):
        return ""

    def ensure_cache_path(self):
        _folder().mkdir(parents=True, exist_ok=True)


class _Impl(CompileResultCacheImpl):
    def __init__(self, function):
        self._lineno = function.__code__.co_firstlineno
        self._locator = _Locator(function, function.__code__.co_filename)
        self._filename_base = self._locator.name


class _Cache(FunctionCache):
    """Numba's cache, with files of our own, and never the cause of an error."""

    _impl_class = _Impl

    def __init__(self, function):
        super().__init__(function)
        self._cache_file = _Files(_folder(), self._impl.filename_base)

    def load_overload(self, sig, target_context):
        """Give the compiled code for these types, or None."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # whatever a damaged file can cause: compile anew
            return None

    def save_overload(self, sig, data):
        """Keep compiled code, if the disk lets us."""
        try:
            super().save_overload(sig, data)
        except OSError:
            return


class _Files:
    """One file for each function and tuple of argument types."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name

    def _path(self, key):
        types = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        return self.folder / f"{self.name}.{types}"

    def load(self, key):
        """Give what was saved under a key, or None."""
        try:
            stored = self._path(key).read_bytes()
        except OSError:
            return None
        saved_key, data = pickle.loads(stored)
        return data if saved_key == key else None

    def save(self, key, data):
        """Save data under a key, whole or not at all."""
        path = self._path(key)
        new = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            new.write_bytes(dumps((key, data)))
            os.replace(new, path)
        finally:
            new.unlink(missing_ok=True)
