"""Run the properties of a check, and print what came out as plain text.

A check is a list of properties: pairs of a name and a function that takes the
student's functions and either returns or raises `Wrong`.
"""

import math
import re
import textwrap

from utils.checks.compare import Result, Undecided, Wrong
from utils.checks.contrast import Outcome, settle
from utils.checks.remote import separate
from utils.checks.subject import NotWritten, plain

WIDTH = 76
NAME_WIDTH = 40
WORDS = {True: "ok", False: "FAIL", None: "todo"}
# Numbers by themselves, not those in names: 3, -1.5e-07, inf, but not the 1 of W1.
NUMBERS = re.compile(r"(?<![\w.])-?(\d+(\.\d+)?(e[+-]?\d+)?|inf|nan)(?![\w])")


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
    printed = str
    try:
        with separate(*subjects) as (subjects, printed):
            tested = list(_outcomes(properties, subjects))
        results = Results(title, settle(tested))
    except Wrong as wrong:  # its file cannot be loaded
        results = Results(title, [Result(title, False, message=plain(wrong))])
    if all(result.passed is None for result in results):
        results[:] = [Result(title, None, message=results[0].message)]
    print(format_report(results))
    if text := printed():
        print(textwrap.indent(f"printed by the code:\n{text}", "  "))
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
        lines.extend(_lines(result, seen))
    return "\n".join(lines)


def _outcomes(properties, subjects):
    """Give what was tested one by one; after a crash there is nobody left to ask."""
    properties = list(properties)
    for k, (name, test) in enumerate(properties, 1):
        yield _test(name, test, subjects)
        if any(subject.dead for subject in subjects):
            if left := len(properties) - k:
                text = "not tried, because the process has ended."
                result = Result(f"{left} more properties", False, message=text)
                yield Outcome(None, result)
            return


def _test(name, test, subjects):
    try:
        outcome = test(*subjects)
    except Wrong as wrong:
        # Its message is written when all cases are known, by `settle`.
        return Outcome(test, Result(name, False, wrong.error, wrong.limit), wrong)
    except NotWritten as todo:
        return Outcome(test, Result(name, None, message=plain(todo)))
    except Undecided as undecided:
        return Outcome(test, Result(name, None, message=f"undecided: {undecided}"))
    except Exception as error:  # a check never raises, whatever it was handed
        text = f"what was returned cannot be judged: {type(error).__name__}: {error}"
        return Outcome(test, Result(name, False, message=plain(text)))
    if isinstance(outcome, tuple):
        return Outcome(test, Result(name, True, *outcome))
    return Outcome(test, Result(name, True, message=outcome or ""))


def _lines(result, seen):
    """Write one result; what stood there before is not written twice."""
    word = WORDS[result.passed]
    text = "" if result.passed else plain(result.message)
    if result.passed is None and text.startswith("undecided"):
        word = "open"
    head = f"  {word:<4}  {plain(result.name):<{NAME_WIDTH}}"
    if result.error is not None:
        head += f"error {_number(result.error):<7}   limit {result.limit:.0e}"
    elif result.passed:
        head += result.message
    form = NUMBERS.sub("0", text)
    above = "(as above)" if text in seen else "(as above, other numbers)"
    if text and form in seen:
        if result.error is None:
            head += above
            text = ""
        else:
            text = above
    seen |= {text, form}
    yield head.rstrip()[:WIDTH]
    if text:
        yield _wrap(text, " " * 10, " " * 10)


def _number(value):
    return f"{value:.1e}" if math.isfinite(value) else str(value)


def _wrap(text, first, rest):
    return textwrap.fill(
        plain(text), WIDTH, initial_indent=first, subsequent_indent=rest
    )
