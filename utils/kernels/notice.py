"""A line on stderr while kernels are compiled: why nothing seems to happen.

It appears when compiling has taken a second, and is wiped away whenever a kernel is
done.  A log file, where nothing can be wiped away, gets it once per process.  A
notebook gets nothing, because what a cell has printed is saved with it, wiped or not;
there the text says when to wait.  Numba tells us when it begins and ends
(`numba.core.event`).

A kernel is compiled for the types of its arguments, and what it is fused with is a
type.  So compiling comes back, on a machine that has done it before, the first time a
network combines layers in a new way.
"""

import sys
import threading
import time

from numba.core import event

PATIENCE = 1.0  # seconds of compiling that need no explanation
TEXT = "Compiling fast layers for this processor: some seconds for each new kind."


class Notice(event.Listener):
    """Listens to Numba, and shows the line as long as a kernel is compiled."""

    def __init__(self):
        self.depth, self.spent, self.begin, self.shown = 0, 0.0, 0.0, False
        self.timer, self.said = None, False

    def on_start(self, event):
        """Note that Numba begins to compile a function, perhaps inside another."""
        if not _is_kernel(event):
            return
        self.depth += 1
        if self.depth == 1:
            self.begin = time.monotonic()
            self.timer = threading.Timer(PATIENCE - self.spent, self._show)
            self.timer.daemon = True
            self.timer.start()

    def on_end(self, event):
        """Note that it is done, or has failed."""
        if not _is_kernel(event):
            return
        self.depth -= 1
        if self.depth == 0:
            self.timer.cancel()
            self.timer.join()
            self.spent = min(PATIENCE, self.spent + time.monotonic() - self.begin)
            if self.shown and _can_wipe():
                self._write("\r" + " " * len(TEXT) + "\r")
            self.shown = False

    def _show(self):
        self.shown = True
        if _can_wipe():
            self._write("\r" + TEXT)
        elif not self.said and not _is_notebook():
            self._write(TEXT + "\n")
        self.said = True

    def _write(self, text):
        try:
            print(text, end="", file=sys.stderr, flush=True)
        except (OSError, ValueError):  # a stream that was closed
            pass


def _is_notebook():
    return type(sys.stderr).__module__.startswith("ipykernel")


def _can_wipe():
    """Tell a terminal from a file."""
    stream = sys.stderr
    if stream is None or stream.closed or _is_notebook():
        return False
    return stream.isatty()


def _is_kernel(event):
    module = event.data["dispatcher"].py_func.__module__
    return module.startswith(__name__.rpartition(".")[0] + ".")


event.register("numba:compile", Notice())
