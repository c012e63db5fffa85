"""Ctrl-C that waits for the end of what must not be left half done.

A library that is half imported cannot be imported again (Numba says "duplicate
registration", and only a new kernel helps); weights that change places with their
averages must not be half of each.  Both last short enough to wait for.
"""

import signal
import threading
from contextlib import contextmanager


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
