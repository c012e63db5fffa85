"""Run the properties of a check, and print what came out as plain text.

A check is a list of properties: pairs of a name and a function that takes the
student's functions and either returns or raises `Wrong`.
"""

import math
import textwrap

from utils.checks.compare import Result, Wrong
from utils.checks.subject import NotWritten, plain

WIDTH = 76
NAME_WIDTH = 40
WORDS = {True: "ok", False: "FAIL", None: "todo"}


class Results(list):
    """A list of `Result` that does not clutter a notebook.

    The report has been printed already, so as the last expression of a cell the list
    shows nothing at all; elsewhere its repr is short.
    """

    def __init__(self, title, results=()):
        super().__init__(results)
        self.title = title

    def __repr__(self):
        """Count what passed."""
        return f"{sum(r.passed is True for r in self)} of {len(self)} passed"

    def _ipython_display_(self):
        """Show nothing: Jupyter calls this instead of printing the repr."""


def run(title, properties, *subjects):
    """Test every property, print the report and return the results.

    Parameters
    ----------
    title : str
        Name of the exercise, for the first line of the report.
    properties : iterable of (str, callable)
        Name of a property, and a function of ``subjects``.  It returns None, a text
        to show, or ``(error, limit)`` when all is well, and raises `Wrong` or
        `NotWritten` otherwise.
    *subjects : Subject
        The student's functions.

    Returns
    -------
    Results
        One `Result` per property, or a single one if nothing is written yet.
    """
    results = Results(title, (_test(*prop, subjects) for prop in properties))
    if all(result.passed is None for result in results):
        results[:] = [Result(title, None, message=results[0].message)]
    print(format_report(results))
    return results


def format_report(results):
    """Write results as lines of ASCII text, at most 76 columns wide.

    Parameters
    ----------
    results : Results
        What to report.

    Returns
    -------
    str
    """
    if len(results) == 1 and results[0].passed is None:
        return _wrap(results[0].message, "todo  ", "      ")
    count = repr(results)
    room = WIDTH - len(count)
    lines = [f"{plain(results.title)[: room - 1]:<{room}}{count}"]
    seen = set()
    for result in results:
        lines.extend(_lines(result, result.message in seen))
        seen.add(result.message)
    return "\n".join(lines)


def _test(name, test, subjects):
    try:
        outcome = test(*subjects)
    except Wrong as wrong:
        return Result(name, False, wrong.error, wrong.limit, plain(str(wrong)))
    except NotWritten as todo:
        return Result(name, None, message=plain(str(todo)))
    except Exception as error:  # a check never raises, whatever it was handed
        text = f"what was returned cannot be judged: {type(error).__name__}: {error}"
        return Result(name, False, message=plain(text))
    if isinstance(outcome, tuple):
        return Result(name, True, *outcome)
    return Result(name, True, message=outcome or "")


def _lines(result, seen_before):
    head = f"  {WORDS[result.passed]:<4}  {plain(result.name):<{NAME_WIDTH}}"
    text = "" if result.passed else result.message
    if result.error is not None:
        head += f"error {_number(result.error):<7}   limit {result.limit:.0e}"
    elif result.passed:
        head += result.message
    elif text and seen_before:
        head, text = head + "(as above)", ""
    yield head.rstrip()[:WIDTH]
    if text:
        yield _wrap("(as above)" if seen_before else text, " " * 10, " " * 10)


def _number(value):
    return f"{value:.1e}" if math.isfinite(value) else str(value)


def _wrap(text, first, rest):
    return textwrap.fill(
        plain(text), WIDTH, initial_indent=first, subsequent_indent=rest
    )
