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

# JupyterLab breaks lines within words, after 74 letters in a window 1024 pixels wide.
WIDTH = 72
NAME_WIDTH = 38
WORDS = {True: "ok", False: "FAIL", None: "todo"}
NOT_TRIED = "not tried, because the code was stopped"
# Numbers by themselves, not those in names: 3, -1.5e-07, inf, but not the 1 of W1.
NUMBERS = re.compile(r"(?<![\w.])-?(\d+(\.\d+)?(e[+-]?\d+)?|inf|nan)(?![\w])")


class Results(list):
    """A list of `Result` that does not clutter a notebook.

    The report has been printed already, so as the last expression of a cell the list
    shows nothing at all; elsewhere its repr is short.  ``found`` is what was measured,
    if the cover of the PDF is to tell it instead of counting what passed.
    """

    found = ""

    def __init__(self, title, results=()):
        super().__init__(results)
        self.title = title

    def __repr__(self):
        """Count what passed."""
        return f"{sum(r.passed is True for r in self)} of {len(self)} passed"

    def _ipython_display_(self):
        """Show nothing: Jupyter calls this instead of printing the repr."""


def run(title, properties, *subjects, hint=None):
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
    hint : callable, optional
        Takes the message about an exception that stopped a function, and returns
        what it says about this exercise in one sentence; see `utils.checks.hints`.

    Returns
    -------
    Results
        One `Result` per property, or a single one if nothing is written yet.
    """
    printed = str
    try:
        with separate(*subjects) as (subjects, printed):
            tested = list(_outcomes(properties, subjects, hint))
        results = Results(title, settle(tested))
    except Wrong as wrong:  # its file cannot be loaded
        results = Results(title, [Result(title, False, message=plain(wrong))])
    if all(result.passed is None for result in results):
        text = results[0].message
        # Whoever works on the second function may not know that the first one is used.
        names = {each.name for each in subjects}
        others = names - {title} if title in names else ()
        if any(text.startswith(f"{name} is not written") for name in others):
            text += f": the check of {title} calls it"
        results[:] = [Result(title, None, message=text)]
    print(format_report(results))
    if text := printed():
        print(textwrap.indent(f"printed by the code:\n{text}", "  "))
    return results


def format_report(results):
    """Write results as lines of ASCII text, at most 72 columns wide.

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
    for group in _groups(results):
        lines.extend(_lines(group))
    return "\n".join(lines)


def _outcomes(properties, subjects, hint):
    """Give what was tested one by one; after a crash there is nobody left to ask."""
    properties = list(properties)
    for k, (name, test) in enumerate(properties, 1):
        yield _test(name, test, subjects, hint)
        if any(subject.dead for subject in subjects):
            for left, _ in properties[k:]:
                yield Outcome(None, Result(left, False, message=NOT_TRIED))
            return


def _test(name, test, subjects, hint):
    try:
        outcome = test(*subjects)
    except Wrong as wrong:
        # Its message is written when all cases are known, by `settle`.
        result = Result(name, False, wrong.error, wrong.limit)
        return Outcome(test, result, _with_hint(wrong, hint))
    except NotWritten as todo:
        return Outcome(test, Result(name, None, message=plain(todo)))
    except Undecided as undecided:
        text = f"undecided: {undecided}"
        return Outcome(test, Result(name, None, message=text, undecided=True))
    except Exception as error:  # a check never raises, whatever it was handed
        text = f"what was returned cannot be judged: {type(error).__name__}: {error}"
        return Outcome(test, Result(name, False, message=plain(text)))
    if isinstance(outcome, tuple):
        return Outcome(test, Result(name, True, *outcome))
    return Outcome(test, Result(name, True, message=outcome or ""))


def _with_hint(wrong, hint):
    """Add what an exception says about the exercise, if that is known."""
    text = str(wrong)
    if hint and " stopped with " in text and (sentence := hint(text)):
        stopped, *notes = wrong.parts
        return Wrong([stopped, sentence, *notes], wrong.error, wrong.limit)
    return wrong


def _groups(results):
    """Put failures whose messages differ in numbers only with the first of them.

    That one may say more: what all cases together show is added at its end.
    """
    groups = []
    for result in results:
        form = "" if result.passed else _form(result.message)
        for passed, first, group in groups if form else ():
            if passed is result.passed and f"{first} ".startswith(f"{form} "):
                group.append(result)
                break
        else:
            groups.append((result.passed, form, [result]))
    return [group for _, _, group in groups]


def _form(message):
    """Return a message with all numbers, and all lists of them, made equal."""
    return re.sub(r"0(,\s?0)+", "0", NUMBERS.sub("0", plain(message)))


def _lines(group):
    """Write one result, and in one line which others came out in the same way."""
    result, *others = group
    word = WORDS[result.passed]
    if result.undecided:
        word = "open"
    how = "in the same way"
    if result.message == NOT_TRIED:
        others, how = group, NOT_TRIED
    else:
        yield _head(word, result)
        if result.message and not result.passed:
            yield _wrap(result.message, " " * 10, " " * 10)
    if others:
        names = "; ".join(other.name for other in others)
        text = f"{len(others)} more {how}: {names}"
        yield _wrap(text, f"  {word:<4}  ", " " * 10, max_lines=2, placeholder=" ...")


def _head(word, result):
    end = ""
    if result.error is not None:
        end = f"error {_number(result.error):<7} limit {result.limit:.0e}"
    elif result.passed:
        end = result.message
    head = f"  {word:<4}  {plain(result.name):<{NAME_WIDTH - 1}} "
    room = WIDTH - len(end)
    if len(head) > room:  # a long name makes way for the numbers
        head = head[: max(room - 1, NAME_WIDTH // 2)] + " "
    return (head + end).rstrip()[:WIDTH]


def _number(value):
    return f"{value:.1e}" if math.isfinite(value) else str(value)


def _wrap(text, first, rest, **options):
    options |= {"initial_indent": first, "subsequent_indent": rest}
    return textwrap.fill(plain(text), WIDTH, break_on_hyphens=False, **options)
