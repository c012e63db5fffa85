"""The whole document: cover, notebooks, source files."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import typst

from utils.pdf.context import Context
from utils.pdf.engine import VERSION, Engine
from utils.pdf.files import ExportError
from utils.pdf.highlight import highlight
from utils.pdf.lines import typst_line, wrap
from utils.pdf.markdown import call_heading
from utils.pdf.notebook import (
    NotebookWriter,
    Part,
    anchored,
    as_plain_source,
    part_opening,
)
from utils.pdf.outputs import text_of
from utils.pdf.report import Note, Report
from utils.pdf.review import review
from utils.pdf.typst_source import array, call, content, string

SOURCE_COLUMNS = 99
# What is smaller than this part of its size is hard to read: worth a note.
_HARD_TO_READ = 0.4
# Graders' upload pages grow slow, some refuse, with very large files.
LARGE = 20 * 2**20


@dataclass
class Options:
    """What the student can choose.

    Parameters
    ----------
    title, name, uid : str
        For the cover and the footer; may be empty.
    paper : str
        ``us-letter`` or ``a4``.
    question_breaks : bool
        Whether a question begins a new page.
    max_output_lines : int
        Longer outputs are shortened; 0 prints everything.
    system_fonts : bool
        Whether the fonts of this machine may be used.
    tagged : bool
        Whether programs that read aloud find their way.
    root : Path or None
        The folder that pictures may come from; None finds one for each notebook.
    banner : str
        A line that cells print when they had to use stand-in data; if an output
        holds it, the cover shows it.  Empty: no such line.
    by_nbconvert : bool
        Whether nbconvert asks: it spells options otherwise, and a notebook of anybody
        lacks no name.
    """

    title: str = "Convolutional networks: workbook"
    name: str = ""
    uid: str = ""
    paper: str = "us-letter"
    question_breaks: bool = True
    max_output_lines: int = 200
    system_fonts: bool = False
    tagged: bool = False
    root: Path | None = None
    banner: str = ""
    by_nbconvert: bool = False


def build(contents, options, folder):
    """Make the PDF.

    Parameters
    ----------
    contents : utils.pdf.contents.Contents
    options : Options
    folder : Path
        An existing scratch folder.

    Returns
    -------
    utils.pdf.report.Report

    Raises
    ------
    ExportError
        If there is no way to make a PDF.
    """
    engine = Engine(folder, options.system_fonts)
    context = Context(
        engine,
        options.system_fonts,
        options.max_output_lines,
        options.tagged,
        options.by_nbconvert,
    )
    context.notes += contents.notes
    writer = NotebookWriter(context, options.question_breaks, options.root)
    context.sources = {
        name: path.read_text(encoding="utf-8", errors="replace").split("\n")
        for path, name in contents.sources
    }
    parts = []
    for path, notebook in contents.notebooks:
        parts += writer.parts(notebook, path)
        context.notes += review(notebook, path.name)
    code = _code_labels(context, contents.code)
    parts += _source_parts(context, options.question_breaks)
    context.note_missing_glyphs()
    banner = _banner(contents.notebooks, options.banner)
    front = Front(writer.questions, contents.missing, contents.checks, code, banner)
    printed = _print(context, parts, front, options)
    questions = list(zip(writer.questions, printed.question_pages, strict=True))
    notes = context.notes
    return Report(printed.pdf, printed.pages, questions, notes, banner, VERSION)


class Front(NamedTuple):
    """What the cover shows beside the notes."""

    questions: list
    missing: list
    checks: list
    code: dict
    banner: str


def _banner(notebooks, line):
    texts = (
        text_of(output)
        for _, notebook in notebooks
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )
    return line if line and any(line in text for text in texts) else ""


def _code_labels(context, code):
    """Return the labels of the lines where what the questions ask for begins."""
    labels = {}
    for question, (file, name) in code.items():
        begins = re.compile(rf"(async def|def|class) {re.escape(name)}\b")
        for number, line in enumerate(context.sources.get(file, ()), 1):
            if begins.match(line):
                labels[question] = context.line_label(file, number)
    return labels


def _source_parts(context, breaks):
    if not context.sources:
        return []
    context.place = ""
    opening = part_opening("Source files") + call_heading(1, "Source files")
    parts = [Part("", opening, "")]
    for number, (name, lines) in enumerate(context.sources.items()):
        context.place = name
        source = context.clean("\n".join(lines))
        page_break = "#pagebreak(weak: true)\n" if breaks and number else ""
        title = call_heading(2, context.text(name))
        heading = f"{page_break}{title}\n"
        rows = _source_rows(context, source, name)
        listing = "#" + call("source-file", rows)
        parts.append(Part(name, heading + listing, source, heading))
    return parts


def _source_rows(context, source, name):
    language = "python" if name.endswith(".py") else "text"
    rows = []
    for number, line in enumerate(highlight(source.rstrip("\n"), language), 1):
        label = context.line_labels.get((name, number), "")
        shown = str(number)
        for piece in wrap(line, SOURCE_COLUMNS):
            rows.append(array([string(shown), typst_line(piece), string(label)]))
            shown = label = ""  # a continued line has no number of its own
    return array(rows)


def _print(context, parts, *cover):
    """Make the PDF; what Typst does not compile is printed as plain source."""
    try:
        return _compile(context, parts, *cover)
    except typst.TypstError as error:
        sound = [_sound(context, part) for part in parts]
        if sound == parts:
            raise _failure(error) from error
    try:
        return _compile(context, sound, *cover)
    except typst.TypstError as error:
        raise _failure(error) from error


def _compile(context, parts, front, options):
    """Compile, and once more if compiling has found something for the cover."""

    def compiled():
        noted = {note.place for note in context.notes}
        labels, body = {}, []
        for part in parts:
            label = f"place-{len(labels) + 1}"
            if part.place and part.place in noted - labels.keys():
                labels[part.place] = label
                body.append(anchored(part, label))
            else:
                body.append(part.markup)
        cover = _cover(context.notes, labels, front, options)
        source = "\n".join([_head(options), cover, *body])
        return context.engine.compile(source, options.tagged)

    printed = compiled()
    late = [Note("", f"Typst: {message}") for message in printed.warnings]
    late += [
        Note(item["place"], f"shrunk to {item['ratio']:.0%} of its size to fit")
        for item in printed.shrunk
        if item["ratio"] < _HARD_TO_READ
    ]
    if len(printed.pdf) > LARGE:
        size = len(printed.pdf) >> 20
        late.append(Note("", f"large, {size} MiB: look up what the upload allows"))
    if late:
        context.notes += dict.fromkeys(late)
        printed = compiled()
    return printed


def _sound(context, part):
    """Return a part that compiles: its plain source, if it does not itself."""
    reason = context.engine.part_error(part.markup)
    return as_plain_source(context, part, f"Typst failed: {reason}") if reason else part


def _failure(error):
    return ExportError(
        f"Typst cannot make the PDF: {error.message}. "
        "The option --keep-typ keeps its source, for a bug report."
    )


def _head(options):
    """Return the lines that give the document its look."""
    look = call(
        "workbook.with",
        title=string(options.title),
        name=string(options.name),
        uid=string(options.uid),
        paper=string(options.paper),
    )
    return f'#import "template.typ": *\n#show: {look}'


def _label(name):
    return f"<{name}>" if name else "none"


def _cover(notes, labels, front, options):
    rows = [
        f"(title: {string(question.title)}, points: {string(question.points)}, "
        f"notebook: {string(question.notebook)}, "
        f"label: {_label(question.label)}, code: {_label(front.code.get(question.id))})"
        for question in [*front.questions, *front.missing]
    ]
    lines = [
        array(
            [
                string(note.place),
                content("#" + string(note.message)),
                _label(labels.get(note.place)),
            ]
        )
        for note in notes
    ]
    return "#" + call(
        "cover",
        title=string(options.title),
        name=string(options.name or "no name given" * (not options.by_nbconvert)),
        uid=string(options.uid),
        banner=string(front.banner),
        checks=array(array(map(string, check)) for check in front.checks),
        questions=array(rows),
        notes=array(lines),
    )
