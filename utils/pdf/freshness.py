"""Whether outputs belong to the code that is printed with them.

Two witnesses: what `utils.run_log` wrote while the notebooks ran, and the code that
``show_source`` has printed into them.  Where neither knows anything, a notebook may
have been run on another computer, and nothing is said.
"""

import json
import re

from utils.pdf.outputs import SHOWN_SOURCE, plain_text
from utils.pdf.report import Note
from utils.pdf.review import gathered, is_skipped, places
from utils.run_log import digest

_EXERCISE = re.compile(r"\butils\.exercises\.(\w+)")
_RUN_ALL = "restart the kernel, run all and save"
# A notebook is saved a moment after its last cell.
_MOMENT = 1.0


def read_log(root):
    """Return what the run logs of a workbook say; damaged lines are left out.

    Parameters
    ----------
    root : Path
        The workbook's folder.

    Returns
    -------
    list of dict
    """
    entries = []
    for path in sorted((root / "build" / "runs").glob("*.jsonl")):
        try:
            lines = path.read_text("utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            try:
                entry = json.loads(line)
                entry["when"] = float(entry["when"])
                entry["files"] = dict(entry["files"])
                entries.append(entry)
            except (ValueError, TypeError, KeyError, RecursionError):
                continue
    return entries


def stale(notebook, path, root, log):
    """Return notes about outputs that may be those of other code.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        As it was saved.
    path : Path
        Its file.
    root : Path
        The workbook's folder.
    log : list of dict
        From `read_log`.

    Returns
    -------
    list of Note
    """
    where = places(notebook, path.name)
    return [
        *_shown(notebook, where, root),
        *_logged(notebook, path, root, log),
    ]


def _shown(notebook, where, root):
    """Compare the code that cells show with the files they took it from."""
    notes = []
    for place, cell in zip(where, notebook.cells, strict=True):
        for output in cell.get("outputs", []):
            match = SHOWN_SOURCE.fullmatch(plain_text(output))
            if match and match["code"].rstrip() not in _text(root, match["file"]):
                says = f"shows code that is not in {match['file']} (any more)"
                notes.append(Note(place, says))
    return list(dict.fromkeys(notes))


def _text(root, name):
    path = (root / name).resolve()
    try:
        inside = path.is_relative_to(root.resolve())
        return path.read_text("utf-8", errors="replace") if inside else ""
    except OSError:
        return ""


def _logged(notebook, path, root, log):
    edited, unsaved, older = [], [], {}
    now = _digests(notebook, root)
    saved = path.stat().st_mtime if path.is_file() else float("inf")
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or is_skipped(cell):
            continue
        runs = [
            entry
            for entry in log
            if entry.get("cell") == cell.get("id")
            and entry.get("notebook") in ("", path.name)
        ]
        known = [run for run in runs if run.get("count") == cell.get("execution_count")]
        same = [run for run in known if run.get("source") == digest(cell.source)]
        last = max((r["when"] for r in runs if r["notebook"]), default=0)
        if last > saved + _MOMENT:
            unsaved.append(index)
        elif known and not same:
            edited.append(index)
        elif same and cell.get("outputs"):
            files = max(same, key=lambda run: run["when"])["files"]
            for name, present in now.items():
                if files.get(name, present) != present:
                    older.setdefault(name, []).append(index)
    notes = []
    if unsaved:
        notes.append(
            Note(path.name, "cells were run after the notebook was last saved: save it")
        )
    says = f"edited after it was run: {_RUN_ALL}"
    notes += gathered(notebook, path.name, edited, f"was {says}", f"were {says}")
    for name, cells in older.items():
        says = f"run before utils/exercises/{name} was changed: {_RUN_ALL}"
        notes += gathered(notebook, path.name, cells, f"was {says}", f"were {says}")
    return notes


def _digests(notebook, root):
    """Return the present hashes of the exercise files that a notebook uses."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    digests = {}
    for name in sorted(set(_EXERCISE.findall(code))):
        path = root / "utils" / "exercises" / f"{name}.py"
        if path.is_file():
            digests[path.name] = digest(path.read_bytes())
    return digests
