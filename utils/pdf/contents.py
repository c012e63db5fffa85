"""What goes into a PDF, and what is already known to be wrong with it."""

from dataclasses import dataclass, field

from utils.pdf import expected
from utils.pdf.freshness import read_log, stale
from utils.pdf.report import Note
from utils.pdf.review import unanswered


@dataclass
class Contents:
    """Notebooks and sources to print, and what the cover says beside them.

    Parameters
    ----------
    notebooks : list of (Path, nbformat.NotebookNode)
        In this order; the path is the root of relative pictures.
    sources : list of (Path, str)
        Files of code, and the names they are shown under.
    notes : list of utils.pdf.report.Note
        What is already known to deserve one.
    missing : list of utils.pdf.report.Question
        Questions that should be there and are not.
    checks : list of utils.pdf.expected.Check
        How the checks came out.
    code : dict
        What a question asks for: its id to the source file, as it is shown, and
        the name of the function or class.
    lacking : list of str
        What a complete workbook would have, each as the end of a sentence.
    """

    notebooks: list
    sources: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    checks: list = field(default_factory=list)
    code: dict = field(default_factory=dict)
    lacking: list = field(default_factory=list)


def gather(notebooks, sources, notes, chosen, executed, root):
    """Look for what is missing, unanswered, unchecked or out of date.

    Parameters
    ----------
    notebooks, sources, notes
        As for `Contents`.
    chosen : iterable of str
        Names of the notebooks that should be there.
    executed : collection of Path
        Those that were run just now: their outputs are fresh.
    root : Path
        The workbook's folder.

    Returns
    -------
    Contents
    """
    questions = expected.expected(chosen)
    saved = [notebook for _, notebook in notebooks]
    missing = expected.missing(questions, saved)
    unanswerable = expected.without_answer(questions, saved)
    rows = expected.checks(questions, root)
    notes = [
        *notes,
        *(
            Note(f"{question.notebook}.ipynb", f'question "{question.title}" not found')
            for question in missing
        ),
        *(
            Note(f"{notebook}.ipynb", f'the answer to "{title}" not found')
            for notebook, title in unanswerable
        ),
        *expected.notes_about(rows),
    ]
    log = read_log(root)
    for path, notebook in notebooks:
        entries = [] if path in executed else log
        notes += stale(notebook, path, root, entries)
    code = {
        name: (f"utils/exercises/{question['file']}", question["name"])
        for name, question in questions.items()
        if "file" in question
    }
    blank = sum(len(unanswered(notebook, path.name)) for path, notebook in notebooks)
    lacking = _lacking(missing, blank + len(unanswerable), rows, bool(code))
    return Contents(notebooks, sources, notes, missing, rows, code, lacking)


def _lacking(missing, blank, rows, is_judged):
    failed = sum(row.state != "passed" for row in rows)
    counts = [(len(missing), "question"), (blank, "answer"), (failed, "passed check")]
    lacking = [f"{count} {what}{'s' * (count > 1)}" for count, what in counts if count]
    if is_judged and not rows:
        lacking.append("any check that was run here (python -m utils.checks)")
    return lacking
