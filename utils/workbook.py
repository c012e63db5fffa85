"""What every notebook needs: a start, code that stays fresh, sources, a stopwatch.

`start` also watches the files of `utils`: before each cell it looks whether one was
edited and, if so, loads all of them anew.  IPython's own autoreload is not used,
because it can leave ``from module import function`` bound to the old function.
"""

import ast
import contextlib
import importlib
import importlib.machinery
import importlib.metadata
import platform
import random
import re
import sys
import time
import types
from pathlib import Path

import matplotlib.style
import numpy as np

from utils.run_log import RunLog

PACKAGE = Path(__file__).resolve().parent


def start(seed=0):
    """Prepare a notebook: style of the figures, seeds, reload of edited files.

    Outside IPython nothing is reloaded.  Calling it again starts afresh.

    Parameters
    ----------
    seed : int, default 0
        Seed of numpy's and Python's global random numbers.
    """
    matplotlib.style.use(PACKAGE / "workbook.mplstyle")
    np.random.seed(seed)  # noqa: NPY002 - a student's own code may use it
    random.seed(seed)
    shell = _ipython()
    if shell is not None:
        _watch(shell)
    print(_versions())


def show_source(*objects):
    """Show the source of functions and classes as their files hold it now.

    Parameters
    ----------
    *objects : functions or classes
        What to show, in this order.

    Raises
    ------
    TypeError
        If one of them was not defined in a file.
    """
    for one in objects:
        path, first, lines = _find_source(one)
        place = f"{_relative(path)}, lines {first} to {first + len(lines) - 1}"
        source = "\n".join(lines)
        if _ipython() is None:
            print(f"{place}\n\n{source}\n")
            continue
        from IPython.display import display

        longest = max(map(len, re.findall("`+", source)), default=0)
        fence = "`" * max(3, longest + 1)  # never closed by the source itself
        markdown = f"`{place}`\n\n{fence}python\n{source}\n{fence}"
        plain = f"{place}\n\n{source}"
        display({"text/markdown": markdown, "text/plain": plain}, raw=True)


def time_call(function, *args, repeat=3):
    """Time a function: its first call, and the best of some more.

    A function compiled by Numba is compiled, or read from Numba's cache, in its
    first call, which therefore is no measure of its speed.

    Parameters
    ----------
    function : callable
        What to call as ``function(*args)``.
    *args
        Its arguments.
    repeat : int, default 3
        Number of calls after the first, >= 0.

    Returns
    -------
    first, best : float
        Seconds of the first call and of the fastest of the others; with ``repeat=0``
        both are the first call's.
    result : object
        What the last call returned.
    """
    if repeat < 0:
        raise ValueError(f"repeat is {repeat}, expected 0 or more.")
    seconds = []
    for _ in range(1 + repeat):
        begin = time.perf_counter()
        result = function(*args)
        seconds.append(time.perf_counter() - begin)
    return seconds[0], min(seconds[1:] or seconds), result


def print_timings(seconds):
    """Print a table of naive and fast running times in milliseconds.

    Parameters
    ----------
    seconds : dict
        Name -> ``(naive, first, fast)``, in seconds: the naive function, the first
        call of the fast one and its best later call.
    """
    print(f"{'milliseconds':18}{'naive':>11}{'fast':>11}{'speed-up':>11}{'first':>11}")
    for name, (naive, first, fast) in seconds.items():
        times = f"{1e3 * naive:11.1f}{1e3 * fast:11.2f}{naive / fast:10.0f}x"
        print(f"{name:18}{times}{1e3 * first:11.1f}")


def require(**values):
    """Stop a cell with a sentence if something it needs was not made yet.

    Parameters
    ----------
    **values
        The needed objects by name.

    Raises
    ------
    NotImplementedError
        If one of them is None.
    """
    for name, value in values.items():
        if value is None:
            raise NotImplementedError(
                f"{name} is still None: write and run the cell above that makes it."
            )


class Reloader:
    """Load the modules of `utils` anew when one of their files was edited.

    Modules of one package hold references to each other, so either all of them are
    replaced or none: `isinstance` and imported functions stay consistent.

    Parameters
    ----------
    namespace : dict
        The names whose functions, classes and modules of `utils` are replaced, too.
    folder : Path
        The folder of the package; its name is the package's.
    """

    def __init__(self, namespace, folder=PACKAGE):
        self.namespace = namespace
        self.folder = folder
        self.seen = self._sources()  # the source of what is loaded
        self._refused = {}  # path -> the source that could not be loaded
        self._orphans = {}  # name -> the old value whose name vanished from its file

    def before_cell(self, info=None):
        """Reload what was edited since the last time (IPython's pre_run_cell).

        A file that cannot be loaded stays as it was and keeps no other from being
        loaded; that is said once for each edit.
        """
        now = self._sources()
        loaded = {_file_of(module) for module in self._modules().values()} & set(now)
        self.seen |= {path: now[path] for path in set(now) - loaded}
        self._refused = {
            path: source
            for path, source in self._refused.items()
            if now.get(path) == source
        }
        edited = {path for path in loaded if now[path] != self.seen.get(path)}
        edited -= set(self._refused)
        problems = _syntax_problems({path: now[path] for path in edited})
        while edited - set(problems):
            accepted = {path: now[path] for path in edited - set(problems)}
            path, problem = self._reload(self.seen | accepted)
            if not problem:
                self.seen |= accepted
                break
            # Where the cause cannot be told, all edits wait for the next one.
            found = {path} & set(accepted) or set(accepted)
            problems |= {path: problem for path in found}
        self._refused |= {path: now[path] for path in problems}
        for problem in dict.fromkeys(problems[path] for path in sorted(problems)):
            print(f"{problem} The code from before the edit stays in use.")
        if edited - set(problems):
            names = sorted(path.name for path in edited - set(problems))
            print("reloaded:", ", ".join(names))

    def _sources(self):
        sources = {}
        for path in self.folder.rglob("*.py"):
            with contextlib.suppress(OSError):  # an editor's lock, or just being saved
                sources[path] = path.read_bytes()
        return sources

    def _modules(self):
        package = self.folder.name
        return {
            name: module
            for name, module in sys.modules.items()
            if name == package or name.startswith(package + ".")
        }

    def _reload(self, sources):
        """Replace all modules and names; return a file and a sentence if it failed."""
        old = self._modules()
        importlib.invalidate_caches()
        try:
            self._drop(old)
            with _reading(sources):
                for name in old:
                    importlib.import_module(name)
        except BaseException as error:
            self._drop(self._modules())
            sys.modules.update(old)
            # IPython would not survive anything else, such as an exit, before a cell.
            if isinstance(error, KeyboardInterrupt):
                raise
            return _import_problem(error, self.folder)
        for name, value in list(self.namespace.items()):
            self._rebind(name, value, old)
        return None, None

    @staticmethod
    def _drop(modules):
        for name in modules:
            del sys.modules[name]

    def _rebind(self, name, value, old):
        """Bind one name to the new version of its function, class or module."""
        if isinstance(value, types.ModuleType):
            if old.get(value.__name__) is value:
                self.namespace[name] = sys.modules[value.__name__]
            return
        home = old.get(str(getattr(value, "__module__", None)))
        own_name = str(getattr(value, "__qualname__", None))
        is_ours = getattr(home, own_name, None) is value
        if home is None or not (is_ours or self._orphans.get(name) is value):
            return
        fresh = getattr(sys.modules[home.__name__], own_name, None)
        if fresh is None:
            self._orphans[name] = value  # to be replaced when the name comes back
            print(f"{home.__name__} no longer has {own_name}; {name} stays as it was.")
        else:
            self._orphans.pop(name, None)
            self.namespace[name] = fresh


class _Reader(importlib.machinery.PathFinder):
    """Find modules as ever, but take their sources from memory.

    So a file that is broken now can be loaded as it was, and a compiled file as old as
    an edit (Python compares times in seconds) is not taken for it.
    """

    def __init__(self, sources):
        self.sources = sources

    def find_spec(self, fullname, path=None, target=None):
        spec = super().find_spec(fullname, path, target)
        origin = Path((spec and spec.origin) or "").resolve()
        if origin not in self.sources:
            return None
        source = self.sources[origin]
        loader = spec.loader
        loader.get_code = lambda name: loader.source_to_code(source, spec.origin)
        return spec


@contextlib.contextmanager
def _reading(sources):
    """Let imports take sources from a dict of them by path."""
    reader = _Reader(sources)
    sys.meta_path.insert(0, reader)
    try:
        yield
    finally:
        sys.meta_path.remove(reader)


def _watch(shell):
    """Let IPython call one Reloader and one RunLog around every cell, and only one."""
    for event, callback in getattr(shell, "_workbook_callbacks", ()):
        shell.events.unregister(event, callback)
    log = RunLog(PACKAGE.parent)
    shell._workbook_callbacks = [
        ("pre_run_cell", Reloader(shell.user_ns).before_cell),
        ("pre_run_cell", log.look),
        ("post_run_cell", log.write),
    ]
    for event, callback in shell._workbook_callbacks:
        shell.events.register(event, callback)


def _ipython():
    """Return the running IPython shell, or None."""
    module = sys.modules.get("IPython")
    return None if module is None else module.get_ipython()


def _versions():
    parts = [f"Python {platform.python_version()}"]
    for name in ("NumPy", "Numba"):
        try:
            parts.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            parts.append(f"{name} is missing: python -m utils.doctor tells what to do")
    return ", ".join(parts)


def _file_of(module):
    return Path(getattr(module, "__file__", None) or "").resolve()


def _relative(path):
    """Write a path as seen from the workbook's folder, where it lies in there."""
    inside = path.is_relative_to(PACKAGE.parent)
    return (path.relative_to(PACKAGE.parent) if inside else path).as_posix()


def _syntax_problems(sources):
    """Return, by path, a sentence on each source that Python cannot read."""
    problems = {}
    for path, source in sources.items():
        try:
            compile(source, str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            line = getattr(error, "lineno", None)
            where = f", line {line}" if line else ""
            problems[path] = (
                f"{_relative(path)}{where}: {getattr(error, 'msg', error)}."
            )
    return problems


def _import_problem(error, folder):
    """Return which file raised an exception while it was loaded, and a sentence."""
    place, file, traceback = folder.name, None, error.__traceback__
    while traceback is not None:
        path = Path(traceback.tb_frame.f_code.co_filename)
        if path.is_relative_to(folder) and path != Path(__file__):
            file, place = path, f"{_relative(path)}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    what = f"{type(error).__name__}: {error}".removesuffix(": ")
    return file, f"{place}: {what}."


def _find_source(one):
    """Return the file, the first line number and the lines that define an object."""
    module = sys.modules.get(getattr(one, "__module__", None))
    name = getattr(one, "__qualname__", None)
    path = _file_of(module)
    if name is None or not path.is_file():
        raise TypeError(
            f"show_source got {one!r}, expected functions or classes that are defined "
            "in a file."
        )
    text = path.read_text(encoding="utf-8")
    node = ast.parse(text)
    for part in name.split("."):
        named = [child for child in node.body if getattr(child, "name", None) == part]
        if not named:
            raise TypeError(f"{_relative(path)} no longer defines {name}.")
        node = named[-1]
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return path, first, text.split("\n")[first - 1 : node.end_lineno]
