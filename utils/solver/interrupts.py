"""Ctrl-C that waits for the end of an update.

In the middle of an update some weights are new and some are old.  Such a state is no
good for a checkpoint, so the first Ctrl-C waits until the update is complete; a second
one does not wait.

Weights that change places with their averages are never left half of each: `unbroken`
lets no Ctrl-C in at all, which is bearable because it lasts a few milliseconds.
"""

import signal
import threading
from contextlib import contextmanager


class Held:
    """While it is entered, hold back Ctrl-C during updates.

    Parameters
    ----------
    active : bool
        False changes nothing.  Nor does it outside the main thread, where Python
        knows no signals, or where somebody else has taken Ctrl-C over.

    Attributes
    ----------
    inside : bool
        Set it to True for the time of an update.
    pending : bool
        There was a Ctrl-C in an update.
    """

    def __init__(self, active):
        self.active, self.inside, self.pending = active, False, False

    def __enter__(self):
        """Take over Ctrl-C."""
        self.inside = self.pending = False
        main = threading.current_thread() is threading.main_thread()
        ours = main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        self._taken = self.active and ours
        if self._taken:
            signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *error):
        """Give it back."""
        if self._taken:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _handle(self, number, frame):
        if self.inside and not self.pending:
            self.pending = True
        else:
            raise KeyboardInterrupt


@contextmanager
def unbroken():
    """Hold back every Ctrl-C while it is entered, and hand it on at the end.

    Whoever handles Ctrl-C outside gets it then.  Nothing happens outside the main
    thread, where there is no Ctrl-C, or where Python does not handle it.
    """
    main = threading.current_thread() is threading.main_thread()
    outside = signal.getsignal(signal.SIGINT) if main else None
    if not callable(outside):
        yield
        return
    pressed = []
    signal.signal(signal.SIGINT, lambda *signal_: pressed.append(signal_))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, outside)
        if pressed:
            outside(*pressed[0])
