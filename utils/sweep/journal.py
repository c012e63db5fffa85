"""The study in a file: one line of JSON for everything that happens.

Optuna's journal needs no server and no database.  Whoever has something to say locks
the file, appends a line and lets it reach the disk; the state of a study is what
comes out when all lines are read in order.  So there are two ways to damage it:

**A torn tail.**  A writer whose power failed, or whose disk was full, leaves a last
line without its end.  Nobody can have acted on it, because the writer itself had not
gone on.  When a study is opened, the piece is cut off and a sentence says so; no copy
is kept.  A line that is complete but for its line feed gets that.

**Everything else** was done by somebody else and is not guessed at: an error names the
line.
"""

import contextlib
import json
import os
from pathlib import Path

from utils.sweep.library import SweepError, optuna

FOLDER = Path(__file__).resolve().parents[2] / "build" / "sweeps"
FIRST = b'{"op_code":'  # how every line of a journal begins


def alone(path):
    """Keep other workers from making or joining a study in a file meanwhile.

    This takes a lock of its own: that of the file is taken, and given back, by Optuna
    for each line.

    Parameters
    ----------
    path : Path
        The journal; its folder is made if needed.

    Returns
    -------
    context manager
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return _held(_lock(f"{path}.study"))


def _lock(path):
    # The lock that also works on Windows; a killed owner's is broken after this time.
    return optuna().storages.journal.JournalFileOpenLock(str(path), grace_period=15)


@contextlib.contextmanager
def _held(lock):
    lock.acquire()
    try:
        yield
    finally:
        # Another may have broken it, if this process was stopped for so long.
        with contextlib.suppress(RuntimeError):
            lock.release()


def open_journal(path):
    """Open a journal, or make it, and mend its tail.

    Parameters
    ----------
    path : Path
        The file; its folder exists.

    Returns
    -------
    storage : optuna.storages.JournalStorage
    sentence : str
        What was mended; empty in most cases.

    Raises
    ------
    SweepError
        If the file is damaged elsewhere, or is no journal.
    """
    room = optuna().storages.journal
    lock, sentence = _lock(path), ""
    if path.exists():
        with _held(lock):  # nobody is in the middle of a line now
            sentence = mend(path)

    class Journal(room.JournalFileBackend):
        line = 0  # the last one handed out

        def read_logs(self, log_number_from):
            for n, log in enumerate(super().read_logs(log_number_from)):
                self.line = log_number_from + n + 1
                yield log

    backend = Journal(str(path), lock_obj=lock)
    try:
        return optuna().storages.JournalStorage(backend), sentence
    except (LookupError, TypeError, ValueError, AssertionError) as error:
        what = f"does not fit the lines before it ({type(error).__name__}: {error})"
        raise _damaged(path, backend.line, what) from None


def mend(path):
    """Mend the tail of a journal that is not being written to.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        A sentence about what was done; empty if the file was whole.

    Raises
    ------
    SweepError
        If a line before the tail is damaged, or the tail is none of a journal.
    """
    content = path.read_bytes()
    *lines, tail = content.split(b"\n")
    for number, line in enumerate(lines, start=1):
        problem = _problem(line)
        if problem:
            raise _damaged(path, number, problem)
    if not tail:
        return ""
    if not _problem(tail):
        with open(path, "ab") as file:
            file.write(b"\n")
            _to_disk(file)
        return f"The last line of {path} had no end; it has one now."
    begin = tail[: len(FIRST)]
    if begin != FIRST[: len(begin)] and tail.strip(b"\0"):
        raise _damaged(path, len(lines) + 1, "is none of a journal")
    with open(path, "r+b") as file:
        file.truncate(len(content) - len(tail))
        _to_disk(file)
    return (
        f"The last line of {path} was not finished when its writer stopped; its "
        f"{len(tail)} bytes were cut off, all {len(lines)} lines before it are kept."
    )


def _problem(line):
    """Say what is wrong with one line, or return None."""
    try:
        log = json.loads(line)
    except ValueError:  # JSONDecodeError, or bytes that are no text
        return "is no JSON"
    whole = isinstance(log, dict) and isinstance(log.get("op_code"), int)
    return None if whole and "worker_id" in log else "is none of a journal"


def _damaged(path, number, problem):
    return SweepError(
        f"{path} is damaged: line {number} {problem}; delete that line to go on "
        "without it, or move the file away to start again"
    )


def _to_disk(file):
    file.flush()
    os.fsync(file.fileno())
