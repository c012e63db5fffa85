"""Files that are whole or not there: written under another name, then moved."""

import contextlib
import os
import time
from pathlib import Path

WINDOWS = os.name == "nt"
RETRY_DELAYS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.7)  # seconds, 2 in all


@contextlib.contextmanager
def whole_file(path):
    """Open a file for writing that takes its name only when it is complete.

    It is written under a temporary name in the same folder, flushed to the disk and
    moved.  If anything fails, Ctrl-C included, a file that was there before stays as
    it was and nothing else is left.

    Parameters
    ----------
    path : Path
        The file's name; its folder is made if needed.

    Yields
    ------
    file
        Open for writing bytes.

    Raises
    ------
    OSError
        If the folder cannot be written to, or the disk is full.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_beside(path)
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def require_numbers(arrays):
    """Refuse arrays that `numpy.savez` would write as pickles.

    Nobody reads pickles here, because reading one means running it.

    Parameters
    ----------
    arrays : dict
        Name -> array.

    Raises
    ------
    TypeError
        If one holds Python objects.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name} holds Python objects, expected numbers.")


def temporary_beside(path):
    """Give a name in the folder of ``path`` that no other process uses."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def replace(source, target):
    """Move a file over another in one step, patiently on Windows.

    There, a virus scanner or an indexer may hold a fresh file for a moment; the move
    is then tried again for about two seconds.

    Parameters
    ----------
    source, target : Path
        In the same folder, or at least on the same disk.
    """
    for delay in RETRY_DELAYS if WINDOWS else ():
        try:
            os.replace(source, target)
            return
        except OSError as error:
            # 5: access denied, 32: in use by another process, 33: locked
            if getattr(error, "winerror", None) not in (5, 32, 33):
                raise
            time.sleep(delay)
    os.replace(source, target)
