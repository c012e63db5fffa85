"""The command line: ``python -m utils.pdf``, or ``./export_pdf.sh``.

Runs the notebooks that have no outputs yet, prints all of them and the files in
``utils/exercises/`` into one PDF, and says on which page each question begins.
Exit status: 0 for a PDF, 1 for none, 2 for a PDF with notes under ``--strict``.
"""

import argparse
import contextlib
import os
import sys
import time
import tomllib
from pathlib import Path

from utils.pdf.context import Note
from utils.pdf.document import Options
from utils.pdf.engine import ExportError
from utils.pdf.files import (
    check_output,
    clear_output,
    read_notebook,
    write_notebook,
    write_whole,
)
from utils.pdf.review import has_outputs

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("Receptive-Fields", "CNN-Layers", "CNN-BatchNorm", "CNN")
SOURCES = Path("utils", "exercises")
SUBMISSION = "submission.toml"
# Graders' upload pages grow slow, some refuse, with very large files.
LARGE = 20 * 2**20


def main(argv=None, root=ROOT):
    """Export the workbook.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process if not given.
    root : Path
        The folder of the notebooks.

    Returns
    -------
    int
        Exit status: 0, 1 (no PDF) or 2 (notes, with ``--strict``).
    """
    for stream in (sys.stdout, sys.stderr):
        # An old Windows console cannot print every character of a title.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    arguments = _parser().parse_args(argv)
    try:
        return _export(arguments, Path(root))
    except ExportError as error:
        message = str(error)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        message = f"{where}{error.strerror or error}."
    except KeyboardInterrupt:
        message = "stopped."
    print(f"No PDF: {message}", file=sys.stderr)
    return 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m utils.pdf",
        description="Make one PDF of the four notebooks and your code.",
    )
    add = parser.add_argument
    add("--name", help=f"your name (default: name in {SUBMISSION})")
    add("--uid", help=f"your university number (default: uid in {SUBMISSION})")
    add("-o", "--output", type=Path, metavar="FILE", help="build/submission.pdf")
    add(
        "--only",
        action="append",
        metavar="NAME",
        help="print this notebook only; may be repeated",
    )
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
    running = parser.add_mutually_exclusive_group()
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
    add(
        "--timeout",
        type=_whole_number,
        default=3600,
        metavar="SECONDS",
        help="the longest a cell may run (default 3600)",
    )
    add("--system-fonts", action="store_true", help="use this machine's fonts too")
    add("--strict", action="store_true", help="exit status 2 if there is any note")
    add("--keep-typ", action="store_true", help="keep the Typst source")
    add("-v", "--verbose", action="store_true", help="say more")
    return parser


def _whole_number(text):
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(text)


def _export(arguments, root):
    start = time.monotonic()
    name, uid = _identity(arguments, root)
    paths, notes = _notebook_paths(arguments.only, root)
    if not name:
        notes.append(Note("", f"no name: use --name, or write it into {SUBMISSION}"))
    sources = [] if arguments.no_code else _source_paths(root)
    wanted = arguments.output or root / "build" / "submission.pdf"
    check_output(wanted, [*paths, *sources])
    try:
        notebooks = [(path, read_notebook(path)) for path in paths]
    finally:
        # A broken notebook must not leave an old PDF to be handed in by mistake.
        output = clear_output(wanted)
    notes += _run(notebooks, arguments, root)
    named = [(path, path.relative_to(root).as_posix()) for path in sources]
    options = _options(arguments, name, uid)
    report = _print(notebooks, named, options, notes, output, arguments.keep_typ)
    write_whole(output, report.pdf)
    if output != wanted:
        print(f"{wanted} is open in another program: close it before handing in.")
    _tell(report, output, time.monotonic() - start)
    return 2 if arguments.strict and report.notes else 0


def _identity(arguments, root):
    """Return name and number, from the command line or from submission.toml."""
    path = root / SUBMISSION
    saved = {}
    if path.is_file():
        try:
            saved = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ExportError(
                f"{SUBMISSION} cannot be read ({error}). It holds two lines: name = "
                '"Ada Lovelace" and uid = "123456789".'
            ) from error
    given = (arguments.name, arguments.uid)
    keys = ("name", "uid")
    unknown = [key for key in saved if key not in keys]
    if unknown:
        raise ExportError(
            f"{SUBMISSION} has the unknown key {unknown[0]!r}; it holds name and uid."
        )
    return tuple(
        str(saved.get(key, "") if value is None else value).strip()
        for key, value in zip(keys, given, strict=True)
    )


def _notebook_paths(only, root):
    """Return the notebooks to print, and notes about those that are missing."""
    chosen = [_stem(name) for name in only] if only else list(NOTEBOOKS)
    paths = [root / f"{name}.ipynb" for name in NOTEBOOKS if name in chosen]
    missing = [path.name for path in paths if not path.is_file()]
    if missing and (only or len(missing) == len(paths)):
        raise ExportError(f"{', '.join(missing)} not found in {root}.")
    notes = [Note(name, "this notebook was not found: left out") for name in missing]
    return [path for path in paths if path.is_file()], notes


def _source_paths(root):
    paths = sorted((root / SOURCES).glob("*.py"))
    return [path for path in paths if path.name != "__init__.py"]


def _stem(name):
    known = {stem.lower(): stem for stem in NOTEBOOKS}
    stem = Path(name).name.removesuffix(".ipynb").lower()
    if stem not in known:
        raise ExportError(
            f"--only {name}: there is no such notebook; the four are "
            f"{', '.join(NOTEBOOKS)}."
        )
    return known[stem]


def _run(notebooks, arguments, root):
    """Run what has to be run; the students' own files stay as they are."""
    waiting = [
        (path, notebook)
        for path, notebook in notebooks
        if (
            arguments.execute or arguments.execute is None and not has_outputs(notebook)
        )
    ]
    if not waiting:
        return []
    # Starting Jupyter takes a moment: only if something is to be run.
    from utils.pdf.execute import execute

    needs_data = any(map(_mentions_cifar10, (notebook for _, notebook in waiting)))
    environment = _fetch_data(arguments.verbose) if needs_data else {}
    notes = []
    for path, notebook in waiting:
        ended = execute(notebook, path, arguments.timeout, environment)
        if ended:
            notes.append(Note(path.name, ended))
            print(f"{path.name}: {ended}", file=sys.stderr)
        copy = root / "build" / "executed" / path.name
        write_notebook(notebook, copy)
        if arguments.verbose:
            print(f"executed copy: {copy}", file=sys.stderr)
    return notes


def _mentions_cifar10(notebook):
    return any("cifar10" in cell.source for cell in notebook.cells)


def _fetch_data(verbose):
    """Fetch CIFAR-10 before kernels start, so that waiting for it is visible.

    Returns variables for the kernels: if there is no data, none of them tries again.
    """
    from utils import cifar10

    try:
        # What it says belongs to our messages, not to our report.
        with contextlib.redirect_stdout(sys.stderr if verbose else None):
            cifar10.find()
    except Exception as error:
        source = os.environ.get("CIFAR10_SOURCE")
        if source:
            # Asked for by name: with stand-in data instead, no result would be right.
            raise ExportError(
                f"CIFAR10_SOURCE is {source!r}, which fails: {error}. "
                "Correct the variable, or unset it."
            ) from error
        print(
            f"CIFAR-10 is not here ({error}): the notebooks use stand-in data.",
            file=sys.stderr,
        )
        return {"CIFAR10_SOURCE": "synthetic"}
    return {}


def _options(arguments, name, uid):
    return Options(
        name=name,
        uid=uid,
        paper=arguments.paper,
        question_breaks=arguments.question_breaks,
        max_output_lines=arguments.max_output_lines,
        system_fonts=arguments.system_fonts,
    )


def _print(notebooks, sources, options, notes, output, keep_typ):
    # Imports Typst and nbconvert, which no wrong option should have to wait for.
    from utils.pdf.exporter import export_workbook

    keep_in = output.with_suffix(".typ.d") if keep_typ else None
    if keep_in:
        print(f"Typst source: {keep_in / 'main.typ'}", file=sys.stderr)
    return export_workbook(notebooks, sources, options, notes, keep_in)


def _tell(report, output, seconds):
    for question, page in report.questions:
        unit = "point" if question.points == "1" else "points"
        points = f"{question.points} {unit}" if question.points else ""
        print(f"page {page:>3}  {points:>10}  {question.title} ({question.notebook})")
    if report.banner:
        print(report.banner)
    if report.notes:
        print(f"{len(report.notes)} note{'s' * (len(report.notes) > 1)}:")
    for place, message in report.notes:
        print(f"  {place + ': ' if place else ''}{message}")
    size = len(report.pdf)
    print(f"{report.pages} pages, {size / 1024:,.0f} KiB, {seconds:.1f} s")
    if size > LARGE:
        print("This is a large file: check the limit of the page you upload it to.")
    print(output.resolve())
    if report.questions:
        print("Hand in this one file; its questions begin on the pages above.")
