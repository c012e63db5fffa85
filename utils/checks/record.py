"""What a check leaves behind, for the cover of the PDF: one small file each.

A file holds counts, and the hash of the exercise as it was judged: a result of another
version is of no use to anybody, and `utils.pdf.expected` shows it as out of date.
What no exercise file defines is judged without one: formulas and nets that stand in a
cell, and a trained network of given layers.
"""

import contextlib
import functools
import hashlib
import json
import time
from pathlib import Path

from utils.checks.process import LIMITS
from utils.checks.subject import ROOT, source_of
from utils.whole_files import whole_file

EXERCISES = ROOT / "utils" / "exercises"
FOLDER = ROOT / "build" / "checks"


def recorded(exercise_id, needs_file=True):
    """Let a check that judges an exercise file write down how it came out.

    Parameters
    ----------
    exercise_id : str
        The name of the file in ``build/checks``.
    needs_file : bool
        Whether what is defined elsewhere, in a cell for example, does not count.

    Returns
    -------
    callable
        A decorator for a check.
    """

    def decorate(check):
        @functools.wraps(check)
        def checked(*subjects, **options):
            path = exercise_file(subjects)
            before = fingerprint(path)
            results = check(*subjects, **options)
            if path or LIMITS.separate and not needs_file:
                keep(exercise_id, results, path, before)
            return results

        return checked

    return decorate


def exercise_file(subjects):
    """Return the exercise file that one of the subjects was written in, or None.

    Parameters
    ----------
    subjects : iterable
        Functions, classes, or instances of them.

    Returns
    -------
    Path or None
        None as well where tests have switched separate processes off.
    """
    for subject in subjects if LIMITS.separate else ():
        source = source_of(subject) or source_of(type(subject))
        if source and Path(source.file).parent == EXERCISES:
            return Path(source.file)
    return None


def fingerprint(path):
    """Return the SHA-256 of a file; empty if there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""
    except OSError:
        return ""


def keep(exercise_id, results, path, file_sha256):
    """Write down how a check came out; that it cannot be written stops nobody.

    Parameters
    ----------
    exercise_id : str
    results : iterable of Result
        `Results` may say in ``found`` what was measured.
    path : Path or None
        The exercise file, if there is one.
    file_sha256 : str
        Its fingerprint before the check.
    """
    verdicts = [result.passed for result in results]
    record = {
        "id": exercise_id,
        "passed": verdicts.count(True),
        "failed": verdicts.count(False),
        "todo": verdicts.count(None),
        "file": f"utils/exercises/{path.name}" if path else "",
        "file_sha256": file_sha256,
        "when": time.strftime("%Y-%m-%dT%H:%M:%S"),
    }
    if found := getattr(results, "found", ""):
        record["found"] = found
    text = json.dumps(record, indent=1) + "\n"
    with (
        contextlib.suppress(OSError),
        whole_file(FOLDER / f"{exercise_id}.json") as file,
    ):
        file.write(text.encode())
