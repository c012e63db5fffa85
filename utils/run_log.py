"""What was run when: a record beside the notebooks, which cannot hold it themselves.

A saved notebook keeps a cell's text and its output, but not whether they belong
together.  While a notebook runs, each cell leaves one line in ``build/runs``: its id
and number, a hash of its text, and hashes of the exercise files it could use.  The
PDF is made with a look at them (`utils.pdf.freshness`).
"""

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path

# Older ones belong to kernels whose outputs nobody has any more.
KEPT = 40


def digest(data):
    """Return a short hash of bytes, or of text without white space at its ends.

    Parameters
    ----------
    data : bytes or str

    Returns
    -------
    str
    """
    if isinstance(data, str):
        data = data.strip().encode("utf-8", "replace")
    return hashlib.sha256(data).hexdigest()[:16]


class RunLog:
    """The record of one kernel, kept by two events of IPython.

    Parameters
    ----------
    root : Path
        The workbook's folder.
    """

    def __init__(self, root):
        self.folder = root / "build" / "runs"
        self.exercises = root / "utils" / "exercises"
        name = f"{time.time_ns():020d}-{os.getpid()}.jsonl"
        self.path = self.folder / name
        self.files = {}
        # What Jupyter's server says about its kernels.
        self.notebook = Path(os.environ.get("JPY_SESSION_NAME", "")).name

    def look(self, info=None):
        """Look at the exercise files (IPython's pre_run_cell)."""
        self.files = {}
        for path in self.exercises.glob("*.py"):
            with contextlib.suppress(OSError):
                self.files[path.name] = digest(path.read_bytes())

    def write(self, result):
        """Write one line (IPython's post_run_cell); a full disk ends no notebook."""
        cell = getattr(result.info, "cell_id", None)
        if not cell or not result.info.store_history:
            return
        line = {
            "notebook": self.notebook,
            "cell": cell,
            "count": result.execution_count,
            "source": digest(result.info.raw_cell),
            "files": self.files,
            "when": time.time(),
        }
        with contextlib.suppress(OSError):
            self._append(json.dumps(line))

    def _append(self, line):
        if not self.path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            for old in sorted(self.folder.glob("*.jsonl"))[: 1 - KEPT]:
                with contextlib.suppress(OSError):  # another kernel was faster
                    old.unlink()
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
