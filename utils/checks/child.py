"""The process in which a student's code runs; it judges nothing.

`utils.checks.process` starts this file alone, so that nothing but numpy and what the
student imports is loaded.  It does what it is told (import, call, read, write), keeps
what cannot travel, and sends values back.  What the code prints goes to the pipe of
errors, where the parent collects it; the pipe of answers has a descriptor of its own.
"""

import contextlib
import faulthandler
import importlib
import importlib.machinery
import importlib.util
import itertools
import os
import queue
import sys
import threading
import traceback
import warnings
from collections import deque

import numpy as np

REMEMBERED = 4  # calls whose arguments are watched
NOTED = 300  # frames, from the innermost


def _sibling(name):
    """Load a file beside this one without its package, which loads everything."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location("_checks_" + name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


wire = _sibling("wire")


class Loader(importlib.machinery.SourceFileLoader):
    """Load a module from its source, unless its compiled form is certainly newer.

    Python compares times in whole seconds; who saves twice within one gets old code.
    """

    def get_code(self, fullname):
        """Return the code of the source as it is now."""
        path = self.get_filename(fullname)
        with contextlib.suppress(OSError, NotImplementedError):
            compiled = os.stat(importlib.util.cache_from_source(path))
            if compiled.st_mtime_ns > os.stat(path).st_mtime_ns:
                return super().get_code(fullname)
        return self.source_to_code(self.get_data(path), path)


class Finder(importlib.machinery.PathFinder):
    """Give every module of the student's folder a `Loader`, but not those installed."""

    folder = ""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        """Find a module as ever; replace the loader."""
        spec = super().find_spec(fullname, path, target)
        if spec and type(spec.loader) is importlib.machinery.SourceFileLoader:
            inside = spec.origin.startswith(cls.folder)
            if inside and "site-packages" not in spec.origin:
                spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec


class Child:
    """What the parent can ask for; each public method answers with a value."""

    def __init__(self):
        self.things = {}
        self.count = 0
        self.calls = deque(maxlen=REMEMBERED)
        self.file = None

    def keep(self, thing):
        """Keep a thing and return its number."""
        self.count += 1
        self.things[self.count] = thing
        return self.count

    def answer(self, data):
        """Do what a frame asks for and return the bytes of the answer."""
        try:
            what, dropped, *arguments = wire.decode(data, lambda k, _: self.things[k])
            for handle in dropped:
                self.things.pop(handle, None)
            return wire.encode(getattr(self, "do_" + what)(*arguments), self.keep)
        except wire.TooMuch as error:
            return wire.encode(("too much", str(error)))
        except BaseException as error:
            return wire.encode(self.describe(error))

    def describe(self, error):
        """Return which exception stopped the student's code, and where."""
        try:
            text = str(getattr(error, "msg", error))[:2000]
        except BaseException:
            text = ""
        file, line = self.place(error)
        unwritten = isinstance(error, NotImplementedError)
        return "raised", unwritten, type(error).__name__[:80], text, file, line

    def place(self, error):
        """Return file and line of the innermost frame that is the student's."""
        if isinstance(error, SyntaxError) and error.filename:
            return str(error.filename), error.lineno or 0
        with contextlib.suppress(BaseException):
            lines = [
                (frame.f_code.co_filename, line)
                for frame, line in traceback.walk_tb(error.__traceback__)
            ]
            own = [line for line in lines if line[0] == self.file]
            other = [line for line in lines if not _is_installed(line[0])]
            if own or other:
                return (own or other)[-1]
        return None, 0

    def note(self):
        """Write down where the code is; another thread asks for it while it runs.

        It holds the lock of the interpreter.  What faulthandler has for this does not:
        its watchdog walks the frames of running code, and brings down what is right.
        """
        with contextlib.suppress(Exception):
            frame = sys._current_frames()[threading.main_thread().ident]
            stack = itertools.islice(traceback.walk_stack(frame), NOTED)
            lines = [f'  File "{f.f_code.co_filename}", line {n}\n' for f, n in stack]
            text = "Timeout\n" + "".join(lines) + "\n"
            os.write(self.log.fileno(), text.encode("ascii", "backslashreplace"))

    def do_start(self, memory, log):
        """Limit the memory; crashes and `note` write to ``log``, a path or a number."""
        with contextlib.suppress(ImportError, ValueError, OSError, AttributeError):
            import resource

            _, most = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (memory, most))
        self.log = open(log, "wb")  # noqa: SIM115 - as long as the process lives
        faulthandler.enable(self.log)
        return ("started",)

    def do_open(self, file, module, folder, names):
        """Import a module; answer with a handle, a type and "callable?" by name."""
        self.file = file
        if folder not in sys.path:
            sys.path.insert(0, folder)
        if Finder not in sys.meta_path:
            Finder.folder = folder
            sys.meta_path.insert(0, Finder)
        try:
            module = importlib.import_module(module)
        except ImportError as error:
            if error.name and (module + ".").startswith(error.name + "."):
                raise FileNotFoundError(f"there is no {file}") from None
            raise
        if not os.path.samefile(module.__file__, file):
            raise ImportError(f"{module.__file__} is found before it")
        missing = [name for name in names if not hasattr(module, name)]
        if missing:
            return "missing", missing[0]
        found = [getattr(module, name) for name in names]
        return "opened", [
            (wire.opaque(self.keep(one), type(one).__name__), callable(one))
            for one in found
        ]

    def do_call(self, function, method, args, kwargs, kept):
        """Call something; ``kept`` are the places in a tuple that stay here."""
        given = [*args, *kwargs.values()]
        self.calls.append((given, [self.snapshot(value) for value in given]))
        if method:
            function = getattr(function, method)
        value = function(*args, **kwargs)
        shares = _shares(value, given)
        if kept and isinstance(value, tuple | list) and len(value) > max(kept):
            value = [*value]
            for k in kept:
                value[k] = wire.opaque(self.keep(value[k]), type(value[k]).__name__)
            value = tuple(value)
        return "returned", value, shares, self.changes()

    def snapshot(self, value):
        """Return bytes that differ if a value has changed."""
        return wire.encode(value, lambda thing: id(thing) & 0xFFFFFFFF)

    def changes(self):
        """List (calls ago, argument, value) of arguments that were changed."""
        found = []
        for ago, (given, before) in enumerate(reversed(self.calls)):
            for k, value in enumerate(given):
                now = self.snapshot(value)
                if now != before[k]:
                    before[k] = now
                    found.append((ago, k, value))
        return found

    def do_has(self, thing, name):
        """Tell whether there is an attribute."""
        return "returned", hasattr(thing, name), [], []

    def do_read(self, thing, name, default):
        """Answer with an attribute."""
        return "returned", getattr(thing, name, default), [], []

    def do_write(self, thing, name, value):
        """Set an attribute, in place where it is a dict or a list of dicts."""
        write(thing, name, value)
        return "returned", None, [], []


def write(thing, name, value):
    """Set an attribute; dicts, and dicts in a list, are emptied and filled again."""
    old = getattr(thing, name, None)
    if isinstance(old, dict) and isinstance(value, dict):
        pairs = [(old, value)]
    elif isinstance(old, list) and all(isinstance(one, dict) for one in [*old, *value]):
        pairs = list(zip(old, value, strict=True))
    else:
        setattr(thing, name, value)
        return
    for old, new in pairs:
        new = dict(new)  # it may be the old one
        old.clear()
        old.update(new)


def _shares(value, given):
    """List (place in the tuple or -1, argument) of arrays that share memory."""
    values = enumerate(value) if isinstance(value, tuple | list) else [(-1, value)]
    return [
        (place, k)
        for place, one in values
        for k, argument in enumerate(given)
        if isinstance(one, np.ndarray) and isinstance(argument, np.ndarray)
        if np.shares_memory(one, argument)
    ]


def _is_installed(filename):
    return filename.startswith((sys.prefix, sys.base_prefix, "<")) or (
        os.path.dirname(filename) == os.path.dirname(os.path.abspath(__file__))
    )


def _requests(file, waiting, note):
    """Read frames in a thread: when the parent is gone, nothing may go on."""
    where = wire.encode("where")
    while True:
        try:
            data = wire.receive(file)
        except wire.Rubbish:
            data = None
        if data is None:
            os._exit(0)
        if data == where:
            note()
        else:
            waiting.put(data)


def main():
    """Answer requests until the pipe is closed."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    child, waiting = Child(), queue.SimpleQueue()
    work = (requests, waiting, child.note)
    threading.Thread(target=_requests, args=work, daemon=True).start()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    while True:
        answer = child.answer(waiting.get())
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(BaseException):
                stream.flush()
        wire.send(answers, answer)


if __name__ == "__main__":
    main()
