"""What a complete workbook holds: its questions, and how their checks came out."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import NamedTuple

from utils.pdf.report import Note, Question
from utils.pdf.review import is_skipped, question_of

QUESTIONS = Path(__file__).with_name("questions.toml")
_LONGEST_TITLE = 60
_LONGEST_FOUND = 40


class Check(NamedTuple):
    """A row of the cover's table of checks.

    ``state`` is one of passed, failed, unfinished, out of date, not run; ``detail``
    says what was measured, or how many of the check's parts passed.
    """

    title: str
    state: str
    detail: str = ""


def expected(notebooks):
    """Return what `QUESTIONS` knows about some notebooks.

    Parameters
    ----------
    notebooks : iterable of str
        Names without the suffix.

    Returns
    -------
    dict
        For each id a dictionary of title, points, notebook, whether there is an
        answer in words (written), whether a check judges it (checked) and, if it is
        code of a file, the file's name and the function's or class's.
    """
    table = tomllib.loads(QUESTIONS.read_text("utf-8"))
    questions = {}
    for notebook in notebooks:
        for name, entry in table.get(notebook, {}).items():
            entry["notebook"] = notebook
            entry.setdefault("written", "code" not in entry)
            entry.setdefault("checked", "code" in entry)
            if "code" in entry:
                module, entry["name"] = entry.pop("code").split(".")
                entry["file"] = f"{module}.py"
            questions[name] = entry
    return questions


def missing(questions, notebooks):
    """Return the questions that the notebooks no longer hold, or do not print.

    Parameters
    ----------
    questions : dict
        From `expected`.
    notebooks : iterable of nbformat.NotebookNode

    Returns
    -------
    list of Question
        Without a label: there is no page to point to.
    """
    found = [question_of(cell).get("id") for cell in _printed(notebooks)]
    return [
        Question(entry["title"], str(entry["points"]), entry["notebook"], "", name)
        for name, entry in questions.items()
        if name not in found
    ]


def without_answer(questions, notebooks):
    """Return the titles of questions that are there, but no cell to answer them.

    Parameters
    ----------
    questions, notebooks
        As for `missing`.

    Returns
    -------
    list of (str, str)
        Notebook and title.
    """
    cells = _printed(notebooks)
    asked = [question_of(cell).get("id") for cell in cells]
    answered = [cell.metadata.get("answer") for cell in cells]
    return [
        (entry["notebook"], entry["title"])
        for name, entry in questions.items()
        if entry["written"] and name in asked and name not in answered
    ]


def _printed(notebooks):
    cells = (cell for notebook in notebooks for cell in notebook.cells)
    return [cell for cell in cells if not is_skipped(cell)]


def checks(questions, root):
    """Return how the checks came out, as they wrote it down themselves.

    Parameters
    ----------
    questions : dict
        From `expected`.
    root : Path
        The workbook's folder; records lie in ``build/checks``.

    Returns
    -------
    list of Check
        One for each question that has a check; empty if no check ever left a
        record here, as on another computer than the student's.
    """
    folder = root / "build" / "checks"
    if not any(folder.glob("*.json")):
        return []
    return [
        _check(entry, _record(folder / f"{name}.json"), root)
        for name, entry in questions.items()
        if entry["checked"]
    ]


def notes_about(rows):
    """Return a note for each check that did not pass.

    Parameters
    ----------
    rows : list of Check

    Returns
    -------
    list of Note
    """
    says = {
        "failed": "the check fails ({})",
        "unfinished": "the exercise is not finished ({})",
        "out of date": "the file was changed after its check: run it again",
        "not run": "the check was not run",
    }
    return [
        Note(row.title, says[row.state].format(row.detail))
        for row in rows
        if row.state in says
    ]


def _record(path):
    try:
        record = json.loads(path.read_text("utf-8"))
        counts = [int(record[key]) for key in ("passed", "failed", "todo")]
        found = str(record.get("found", ""))[:_LONGEST_FOUND]
        return counts, str(record["file_sha256"]), found
    except (OSError, ArithmeticError, ValueError, TypeError, KeyError, RecursionError):
        return None


def _check(entry, record, root):
    title = entry["title"][:_LONGEST_TITLE]
    if record is None:
        return Check(title, "not run")
    (passed, failed, todo), judged, found = record
    path = root / "utils" / "exercises" / entry.get("file", "")
    present = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
    detail = found or f"{passed} of {passed + failed + todo} passed"
    if judged and judged != present:
        return Check(title, "out of date", detail)
    if failed:
        return Check(title, "failed", detail)
    return Check(title, "passed" if passed and not todo else "unfinished", detail)
