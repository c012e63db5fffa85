"""A journal: one line per submission that is graded, and never a half one.

A line is JSON and its checksum.  It is written in one piece and flushed to the disk
before the next submission begins, so that a grader which is killed at any moment has
lost the one in work and nothing else.  A torn last line is cut when it is opened again.
"""

import contextlib
import hashlib
import json
import os

from utils.staff import StaffError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


class Journal:
    """An append-only file of records; used as a context.

    Parameters
    ----------
    path : Path
        The file; made if it is not there.

    Attributes
    ----------
    records : list of dict
        What it holds.

    Raises
    ------
    StaffError
        If another process writes to it, or a line in its middle is damaged.
    """

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.file = open(path, "a+b")  # noqa: SIM115 - closed by the context
        try:
            self._lock()
            self.records, whole = parse(self._content(), path)
            self.file.truncate(whole)
        except BaseException:
            self.file.close()
            raise

    def __enter__(self):
        """Give the journal."""
        return self

    def __exit__(self, *error):
        """Close the file, and let others write to it."""
        self.file.close()

    def _lock(self):
        if fcntl:
            try:
                fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise StaffError(f"{self.path}: another grader writes here.") from None

    def _content(self):
        self.file.seek(0)
        return self.file.read()

    def append(self, record):
        """Add a record; when this returns, it is on the disk."""
        self.file.write(line_of(record))
        self.file.flush()
        with contextlib.suppress(OSError):  # a disk that cannot be asked to
            os.fsync(self.file.fileno())
        self.records.append(record)


def line_of(record):
    """Return the line of a record: a checksum and JSON."""
    text = json.dumps(record, sort_keys=True, ensure_ascii=True)
    return f"{_check(text)} {text}\n".encode()


def parse(content, path):
    """Return the records of a journal, and how many of its bytes are whole lines.

    Parameters
    ----------
    content : bytes
        What is in the file.
    path : Path
        What errors call it.
    """
    records, whole = [], 0
    lines = content.splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        check, _, text = line.rstrip(b"\n").decode("ascii", "replace").partition(" ")
        if line.endswith(b"\n") and check == _check(text):
            records.append(json.loads(text))
            whole += len(line)
        elif number == len(lines):
            break  # torn: the machine stopped while it was written
        else:
            raise StaffError(
                f"{path}, line {number} is damaged; move the file away and grade again."
            )
    return records, whole


def read(path):
    """Return the records of a journal that nobody is writing to."""
    return parse(path.read_bytes(), path)[0]


def _check(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]
