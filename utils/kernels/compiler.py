"""How kernels are compiled, and where the compiled code is kept.

`kernel` turns a Python function into machine code the first time it is called with
arguments of new types:

- ``nogil``: while it runs, Python may run another one in a second thread;
- ``error_model="numpy"``: x / 0 is inf, so that no loop needs a test for it;
- not ``fastmath``: a NaN in must be a NaN out.

Compiling takes seconds, so the code is kept on disk.  Numba's own cache looks at the
file that holds a function, but ours are woven into one another: a microkernel of
`gemm.py` is compiled into the loops of `winograd.py`.  So each module has a folder,
whose name is a hash of its source, of *all* sources that it imports, of the compiler
and its settings, and of the processor.  An edit or another machine means another
folder, and stale code cannot be found.  A process that was running during an edit goes
without: it may hold old and new code side by side.  Folders that nobody used lately are
removed.

Each compiled function is one file, named by its types, written under another name and
moved: a second process finds all of it or nothing.  A damaged or unwritable cache
costs time and nothing else.
"""

import hashlib
import os
import pickle
import re
import shutil
import sys
import tempfile
import time
import uuid
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import llvmlite
import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache
from numba.core.registry import cpu_target
from numba.core.serialize import dumps

from utils.kernels import notice  # noqa: F401 - it listens to Numba

KEPT = 4  # folders of a module that survive, however old
RECENT = 3600.0  # seconds in which a folder counts as in use

SOURCES = Path(__file__).resolve().parent


def kernel(function=None, *, any_order=False):
    """Compile a function for threads, and keep the machine code on disk.

    Parameters
    ----------
    function : callable
        A function of a module (no closure), over arrays, numbers and named tuples.
    any_order : bool, optional
        Whether sums may be added up in another order than written: several at a time,
        in a vector.  Only for sums whose rounding does not matter (in float64, say).

    Returns
    -------
    callable
        To be called like the function, and by other kernels.  With
        ``NUMBA_DISABLE_JIT=1`` it is the function itself.
    """
    if function is None:
        return partial(kernel, any_order=any_order)
    flags = {"reassoc", "nsz"} if any_order else False
    compiled = numba.njit(nogil=True, error_model="numpy", fastmath=flags)(function)
    package, _, module = function.__module__.rpartition(".")
    home = _home(module) if package == __package__ else None
    if compiled is not function and home is not None:
        compiled._cache = _Cache(function, home)
    return compiled


def _stamps():
    """Tell, without reading them, which version of each source is on the disk."""
    files = sorted(SOURCES.glob("*.py"))
    return {f.stem: (f.stat().st_mtime_ns, f.stat().st_size) for f in files}


# The versions that this process has loaded, or will load if nobody edits them.
_LOADED = _stamps()


class _Home(NamedTuple):
    """Where the code of one module is kept, and what it was made from."""

    folder: Path
    sources: list  # the module and all that it imports, by name

    def is_fresh(self):
        """Tell whether the sources are still those that were loaded."""
        now = _stamps()
        return all(now.get(name) == _LOADED[name] for name in self.sources)


@cache
def _home(module):
    """Find or make the folder of a module; None if there is to be no cache.

    Memory checks (see `simd.py`) compile addresses of this process into the code, so
    they do without.
    """
    checked = os.environ.get("UTILS_CHECK_MEMORY", "0") not in ("", "0")
    if checked or module not in _LOADED:
        return None
    sources = with_imports(module)
    for root in _roots():
        folder = root / "cnn-workbook-kernels" / f"{module}-{_key(sources)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
            os.utime(folder)
        except OSError:
            continue
        _prune(folder.parent, module)
        return _Home(folder, sources)
    return None


@cache
def _text(module):
    return (SOURCES / f"{module}.py").read_text("utf-8")


def with_imports(module):
    """List a module and those of this folder that it imports, or they import, ..."""
    found, new = set(), {module} & set(_LOADED)
    while new:
        found |= new
        lines = r"^ *(?:from|import) [^(\n]*(?:\([^)]*\))?"
        texts = (" ".join(re.findall(lines, _text(m), re.MULTILINE)) for m in new)
        words = set(re.findall(r"\w+", " ".join(texts)))
        new = (words & set(_LOADED)) - found
    return sorted(found)


def _key(sources):
    """Hash everything that the machine code depends on."""
    digest = hashlib.sha256()
    for name in sources:
        digest.update(f"{name}\n{_text(name)}\n".encode())
    # The name of the processor, and which instructions Numba may use.
    processor = cpu_target.target_context.codegen().magic_tuple()
    versions = numba.__version__, llvmlite.__version__, sys.implementation.cache_tag
    settings = sorted(item for item in os.environ.items() if item[0][:6] == "NUMBA_")
    digest.update(repr((processor, versions, settings)).encode())
    return digest.hexdigest()[:16]


def _roots():
    """List the places for a cache, the best first."""
    if numba.config.CACHE_DIR:
        yield Path(numba.config.CACHE_DIR)
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        yield Path(os.environ["LOCALAPPDATA"])
    elif os.environ.get("XDG_CACHE_HOME"):
        yield Path(os.environ["XDG_CACHE_HOME"])
    else:
        home = os.path.expanduser("~")
        if os.path.isabs(home):  # otherwise nobody knows where home is
            yield Path(home, "Library/Caches" if sys.platform == "darwin" else ".cache")
    user = getattr(os, "getuid", lambda: "user")()
    shared = Path(tempfile.gettempdir(), f"cache-{user}")
    if _is_private(shared):
        yield shared


def _is_private(folder):
    """Make a folder for this user alone; False if others may put code there."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return False
    mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return mine and folder.is_dir() and (os.name == "nt" or not status.st_mode & 0o022)


def _prune(parent, module):
    """Remove the folders of a module that were used longest ago."""
    try:
        folders = list(parent.glob(f"{module}-*"))
        used = sorted((folder.stat().st_mtime, folder) for folder in folders)
    except OSError:  # another process was faster
        return
    for last, folder in used[:-KEPT]:
        if last < time.time() - RECENT:
            shutil.rmtree(folder, ignore_errors=True)


class _Locator:
    """What Numba's cache wants to know about a function: all said by the folder."""

    def __init__(self, function, home):
        self.folder, self._py_file = home.folder, function.__code__.co_filename

    def get_cache_path(self):
        return str(self.folder)

    def get_source_stamp(self):
        return ""

    def ensure_cache_path(self):
        self.folder.mkdir(parents=True, exist_ok=True)


class _Implementation(CompileResultCacheImpl):
    def __init__(self, function, home):
        self._lineno = function.__code__.co_firstlineno
        self._locator = _Locator(function, home)
        self._filename_base = function.__qualname__


class _Cache(FunctionCache):
    """Numba's cache, with files of our own, and never the cause of an error."""

    def __init__(self, function, home):
        self._impl_class = partial(_Implementation, home=home)
        super().__init__(function)
        self._home = home
        self._cache_file = _Files(home.folder, function.__qualname__)

    def load_overload(self, sig, target_context):
        """Give the compiled code for these types, or None."""
        try:
            if self._home.is_fresh():
                return super().load_overload(sig, target_context)
        except Exception:  # whatever a damaged file can cause: compile anew
            pass
        return None

    def save_overload(self, sig, data):
        """Keep compiled code, if the disk lets us."""
        try:
            if self._home.is_fresh():
                super().save_overload(sig, data)
        except (OSError, RuntimeError):  # RuntimeError: Ctrl-C came while compiling
            pass


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
        except FileNotFoundError:
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
