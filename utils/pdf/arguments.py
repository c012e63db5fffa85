"""The options of ``python -m utils.pdf``."""

import argparse
import sys
from pathlib import Path

# Where name and number are kept.  It stands here because this module needs no package:
# --help comes before the set-up.
SUBMISSION = "submission.toml"


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        """Stop with the status of "no PDF"; argparse's own, 2, means notes here."""
        self.print_usage(sys.stderr)
        self.exit(1, f"No PDF: {message}.\n")


def parser():
    """Return the parser of the command line.

    Returns
    -------
    argparse.ArgumentParser
    """
    made = _Parser(
        prog="python -m utils.pdf",
        description="Make one PDF of the four notebooks and your code.",
        epilog="Exit status: 0 a PDF, 1 none, 2 notes under --strict, "
        "3 something is missing under --require-complete.",
    )
    add = made.add_argument
    add("--name", help=f"your name (default: name in {SUBMISSION})")
    add("--uid", help=f"your university number (default: uid in {SUBMISSION})")
    add("-o", "--output", type=Path, metavar="FILE", help="build/submission.pdf")
    add(
        "--only",
        action="append",
        metavar="NAME",
        help="print this notebook only; may be repeated",
    )
    _add_looks(made.add_argument_group("what it looks like"))
    _add_running(made.add_argument_group("running the notebooks"))
    _add_judging(made.add_argument_group("what must not be overlooked"))
    add(
        "--engine",
        choices=("auto", "typst", "webpdf", "html"),
        default="auto",
        help="what makes the PDF: Typst; without it an installed browser; without "
        "that a page to print yourself",
    )
    add("--keep-typ", action="store_true", help="keep the Typst source")
    add("-v", "--verbose", action="store_true", help="say more")
    return made


def _add_looks(group):
    add = group.add_argument
    add("--paper", choices=("us-letter", "a4"), default="us-letter")
    add(
        "--no-question-breaks",
        dest="question_breaks",
        action="store_false",
        help="do not begin a page for each question",
    )
    add("--no-code", action="store_true", help="leave out utils/exercises")
    add(
        "--max-output-lines",
        type=_whole_number,
        default=200,
        metavar="N",
        help="shorten outputs longer than N lines (default 200; 0 prints all)",
    )
    add("--system-fonts", action="store_true", help="use this machine's fonts too")
    add(
        "--tagged",
        action="store_true",
        help="for programs that read aloud; about twice as large",
    )


def _add_running(group):
    running = group.add_mutually_exclusive_group()
    running.add_argument(
        "--execute",
        action="store_true",
        default=None,
        help="run all notebooks; by default those without any output",
    )
    running.add_argument(
        "--no-execute",
        dest="execute",
        action="store_false",
        help="run none, print what is saved",
    )
    group.add_argument(
        "--timeout",
        type=_whole_number,
        default=3600,
        metavar="SECONDS",
        help="the longest a cell may run (default 3600)",
    )


def _add_judging(group):
    add = group.add_argument
    add("--check", action="store_true", help="write nothing, only list the notes")
    add("--strict", action="store_true", help="exit status 2 if there is any note")
    add(
        "--require-complete",
        action="store_true",
        help="exit status 3 if a question or an answer is missing, or a check did "
        "not pass",
    )


def _whole_number(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)
