"""The command line: ``python -m utils.pdf``, or ``./export_pdf.sh``.

Runs the notebooks that have no outputs yet, prints all of them and the files in
``utils/exercises/`` into one PDF, and says on which page each question begins.
Exit status: 0 for a PDF, 1 for none, 2 for a PDF with notes under ``--strict``, 3 for
an incomplete one under ``--require-complete``.
"""

import contextlib
import os
import sys
import time
from pathlib import Path

from utils.console import accept_all_letters
from utils.pdf.arguments import parser
from utils.pdf.files import (
    ExportError,
    check_output,
    clear_output,
    read_notebook,
    room_in,
    write_notebook,
    write_whole,
)
from utils.pdf.identity import SUBMISSION, identity
from utils.pdf.report import Note
from utils.pdf.review import has_outputs

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("Receptive-Fields", "CNN-Layers", "CNN-BatchNorm", "CNN")
SOURCES = Path("utils", "exercises")
# Where the shell stood before it went to the workbook's folder.
CALLED_FROM = "EXPORT_PDF_CALLED_FROM"


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
        Exit status: 0, 1 (no PDF), 2 (notes, with ``--strict``) or 3 (incomplete,
        with ``--require-complete``).
    """
    accept_all_letters()
    arguments = parser().parse_args(argv)
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


def _export(arguments, root):
    start = time.monotonic()
    chosen, sources = _chosen(arguments.only), _source_paths(root)
    wanted = _wanted(arguments.output, root)
    check_output(wanted, [*root.glob("*.ipynb"), *sources])
    # Whatever fails from here on: no old PDF is left to be handed in by mistake.
    output = None if arguments.check else _cleared(wanted)
    ask = not arguments.check and sys.stdin.isatty() and sys.stderr.isatty()
    name, uid = identity((arguments.name, arguments.uid), root, ask)
    paths, notes = _notebook_paths(chosen, arguments.only, root)
    if not name:
        notes.append(Note("", f"no name: use --name, or write it into {SUBMISSION}"))
    notebooks = [(path, read_notebook(path)) for path in paths]
    executed = []
    if not arguments.check:
        failures, executed = _run(notebooks, arguments, root)
        notes += failures
    from utils.pdf.contents import gather  # imports nbconvert, which takes a while

    printed = [] if arguments.no_code else sources
    named = [(path, path.relative_to(root).as_posix()) for path in printed]
    contents = gather(notebooks, named, notes, chosen, executed, root)
    report = _print(contents, arguments, name, uid, root, output)
    if not arguments.check:
        with room_in(output.parent):
            write_whole(output.with_suffix(report.suffix), report.data)
    _tell(report, None if arguments.check else output, time.monotonic() - start)
    if output not in (None, wanted):
        print(f"{wanted} is open in another program: close it before handing in.")
    return _status(arguments, report, contents)


def _status(arguments, report, contents):
    if report.suffix != ".pdf":
        return 1
    if arguments.require_complete and contents.lacking:
        print(f"Not complete, without {', '.join(contents.lacking)}.", file=sys.stderr)
        return 3
    return 2 if arguments.strict and report.notes else 0


def _wanted(output, root):
    if output is None:
        return root / "build" / "submission.pdf"
    return Path(os.environ.get(CALLED_FROM) or ".") / output


def _cleared(wanted):
    existed = wanted.is_file()
    output = clear_output(wanted)
    if existed and not wanted.exists():
        print(f"Removed the old {wanted}; a new one follows.", file=sys.stderr)
    return output


def _notebook_paths(chosen, only, root):
    """Return the notebooks to print, and notes about those that are missing."""
    paths = [root / f"{name}.ipynb" for name in NOTEBOOKS if name in chosen]
    missing = [path.name for path in paths if not path.is_file()]
    if missing and (only or len(missing) == len(paths)):
        raise ExportError(f"{', '.join(missing)} not found in {root}.")
    notes = [Note(name, "this notebook was not found: left out") for name in missing]
    return [path for path in paths if path.is_file()], notes


def _chosen(only):
    return [_stem(name) for name in only] if only else list(NOTEBOOKS)


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
    """Run what has to be run; the students' own files stay as they are.

    Returns notes about what went wrong, and the paths of what was run.
    """
    waiting = [
        (path, notebook)
        for path, notebook in notebooks
        if (
            arguments.execute or arguments.execute is None and not has_outputs(notebook)
        )
    ]
    if not waiting:
        return [], []
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
        _keep_executed(notebook, root / "build" / "executed" / path.name, arguments)
    return notes, [path for path, _ in waiting]


def _keep_executed(notebook, copy, arguments):
    """Write a copy of what was run; where nobody may write, the PDF has to do."""
    try:
        write_notebook(notebook, copy)
        said = f"executed copy: {copy}" if arguments.verbose else ""
    except OSError as error:
        said = (
            f"{copy.name}: no executed copy, {copy.parent}: {error.strerror or error}"
        )
    if said:
        print(said, file=sys.stderr)


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


def _print(contents, arguments, name, uid, root, output):
    """Return the finished document, by the first engine that is there."""
    if arguments.engine in ("auto", "typst"):
        try:
            # Imports Typst and nbconvert, which no wrong option should wait for.
            from utils.pdf.exporter import Options, export_contents
        except ImportError as error:
            problem = _not_imported(error)
            if arguments.engine == "typst":
                raise ExportError(problem) from error
            print(problem, file=sys.stderr)
        else:
            options = Options(
                name=name,
                uid=uid,
                paper=arguments.paper,
                question_breaks=arguments.question_breaks,
                max_output_lines=arguments.max_output_lines,
                system_fonts=arguments.system_fonts,
                tagged=arguments.tagged,
                root=root,
            )
            keep_in = None
            if arguments.keep_typ and output:
                keep_in = output.with_suffix(".typ.d")
                print(f"Typst source: {keep_in / 'main.typ'}", file=sys.stderr)
            return export_contents(contents, options, keep_in)
    from utils.pdf.fallback import print_contents

    return print_contents(contents, name, uid, browser=arguments.engine != "html")


def _not_imported(error):
    """Say which import failed: Typst is not the only one that can."""
    missing = error.name or ""
    if missing.partition(".")[0] == "typst":
        return f"Typst is not installed ({error})."
    if missing.partition(".")[0] == "utils":
        return f"The workbook lacks a part of its own, {missing} ({error})."
    return f"{missing or 'A module'} cannot be imported ({error})."


def _tell(report, output, seconds):
    """Say what is in the PDF on stdout, and what may be wrong with it on stderr."""
    for question, page in report.questions:
        unit = "point" if question.points == "1" else "points"
        points = f"{question.points} {unit}" if question.points else ""
        print(f"page {page:>3}  {points:>10}  {question.title} ({question.notebook})")
    sys.stdout.flush()
    if report.banner:
        print(report.banner, file=sys.stderr)
    if report.notes:
        count = len(report.notes)
        print(f"{count} note{'s' * (count > 1)}:", file=sys.stderr)
    for place, message in report.notes:
        print(f"  {place + ': ' if place else ''}{message}", file=sys.stderr)
    sys.stderr.flush()
    size = len(report.data) / 1024
    pages = f"{report.pages} pages, " if report.pages else ""
    print(f"{pages}{size:,.0f} KiB, {seconds:.1f} s, made by {report.engine}")
    if output is None:
        print("Nothing was written (--check).")
        return
    print(output.with_suffix(report.suffix).resolve())
    if report.suffix != ".pdf":
        print(
            "No PDF yet, because neither Typst nor a browser made one. Open this page, "
            "print it into a PDF and look whether all is on it.",
            file=sys.stderr,
        )
    elif report.questions:
        print("Hand in this one file; its questions begin on the pages above.")
