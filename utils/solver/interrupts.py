"""Ctrl-C that waits for the end of an update.

In the middle of an update some weights are new and some are old.  Such a state is no
good for a checkpoint, so the first Ctrl-C waits until the update is complete; a second
one does not wait.
"""

import signal
import threading


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
