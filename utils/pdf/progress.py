"""One line that shows how far a notebook is."""

import sys
import threading
import time


class Progress:
    """A context manager: a line on stderr with cell and elapsed time.

    On a terminal the line is rewritten every second, also while one cell trains
    for minutes; elsewhere there is one line at the start and one at the end.

    Parameters
    ----------
    label : str
        What is running.
    total : int
        Number of cells.
    stream : file, optional
        Where to write; stderr by default.
    """

    def __init__(self, label, total, stream=None):
        self.label = label
        self.total = total
        self.stream = stream or sys.stderr
        self.cell = 0
        self._live = self.stream.isatty()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self):
        """Start the clock."""
        self._start = time.monotonic()
        if self._live:
            self._thread.start()
        else:
            self._write(f"{self.label}: running {self.total} cells\n")
        return self

    def __exit__(self, *error):
        """Write the last line."""
        self._done.set()
        if self._live:
            self._thread.join()
            self._write("\r\x1b[K")
        self._write(f"{self.label}: {self.total} cells, {self.elapsed()}\n")

    def elapsed(self):
        """Return minutes and seconds since the start, as in 1:05."""
        seconds = int(time.monotonic() - self._start)
        return f"{seconds // 60}:{seconds % 60:02d}"

    def _tick(self):
        while not self._done.is_set():
            where = f"cell {self.cell} of {self.total}"
            self._write(f"\r\x1b[K{self.label}: {where}, {self.elapsed()}")
            self._done.wait(1)

    def _write(self, text):
        self.stream.write(text)
        self.stream.flush()
