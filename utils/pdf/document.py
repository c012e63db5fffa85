"""The whole document: cover, notebooks, source files."""

from dataclasses import dataclass
from typing import NamedTuple

import typst

from utils.pdf.context import Context, Note
from utils.pdf.engine import Engine, ExportError
from utils.pdf.highlight import highlight
from utils.pdf.lines import typst_line, wrap
from utils.pdf.markdown import call_heading
from utils.pdf.notebook import NotebookWriter, Part, as_plain_source, part_opening
from utils.pdf.outputs import text_of
from utils.pdf.review import review
from utils.pdf.typst_source import array, call, content, string

SOURCE_COLUMNS = 99
# What is smaller than this part of its size is hard to read: worth a note.
_HARD_TO_READ = 0.4


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
    banner : str
        A line that cells print when they had to use stand-in data; if an output
        holds it, the cover shows it.  Empty: no such line.
    """

    title: str = "Convolutional networks: workbook"
    name: str = ""
    uid: str = ""
    paper: str = "us-letter"
    question_breaks: bool = True
    max_output_lines: int = 200
    system_fonts: bool = False
    banner: str = ""


class Report(NamedTuple):
    """The PDF and what to tell about it.

    ``questions`` are pairs of a `utils.pdf.notebook.Question` and its page.
    """

    pdf: bytes
    pages: int
    questions: list
    notes: list
    banner: str


def build(notebooks, sources, options, folder, notes=()):
    """Make the PDF.

    Parameters
    ----------
    notebooks : list of (Path, nbformat.NotebookNode)
        Printed in this order.
    sources : list of (Path, str)
        Source files and the names they are shown under.
    options : Options
    folder : Path
        An existing scratch folder.
    notes : iterable of Note
        What is already known to deserve a note.

    Returns
    -------
    Report

    Raises
    ------
    ExportError
        If there is no way to make a PDF.
    """
    engine = Engine(folder, options.system_fonts)
    context = Context(engine, options.system_fonts, options.max_output_lines)
    context.notes += notes
    writer = NotebookWriter(context, options.question_breaks)
    parts = []
    for path, notebook in notebooks:
        parts += writer.parts(notebook, path)
        for sentence in review(notebook):
            context.note(sentence)
    parts += _source_parts(context, sources, options.question_breaks)
    context.note_missing_glyphs()
    banner = _banner(notebooks, options.banner)
    printed = _print(context, parts, writer.questions, options, banner)
    questions = list(zip(writer.questions, printed.question_pages, strict=True))
    return Report(printed.pdf, printed.pages, questions, context.notes, banner)


def _banner(notebooks, line):
    texts = (
        text_of(output)
        for _, notebook in notebooks
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )
    return line if line and any(line in text for text in texts) else ""


def _source_parts(context, sources, breaks):
    if not sources:
        return []
    context.place = ""
    opening = part_opening("Source files") + call_heading(1, "Source files")
    parts = [Part("", opening, "")]
    for number, (path, name) in enumerate(sources):
        context.place = name
        source = context.clean(path.read_text(encoding="utf-8", errors="replace"))
        page_break = "#pagebreak(weak: true)\n" if breaks and number else ""
        heading = page_break + call_heading(2, context.text(name)) + "\n"
        rows = _source_rows(source, "python" if path.suffix == ".py" else "text")
        listing = "#" + call("source-file", rows)
        parts.append(Part(name, heading + listing, source, heading))
    return parts


def _source_rows(source, language):
    rows = []
    for number, line in enumerate(highlight(source.rstrip("\n"), language), 1):
        for piece in wrap(line, SOURCE_COLUMNS):
            rows.append(array([string(str(number)), typst_line(piece)]))
            number = ""  # a continued line has no number of its own
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


def _compile(context, parts, questions, options, banner):
    """Compile, and once more if compiling has found something for the cover."""

    def source():
        cover = _cover(context.notes, questions, options, banner)
        return "\n".join([_head(options), cover, *(part.markup for part in parts)])

    printed = context.engine.compile(source())
    late = [Note("", f"Typst: {message}") for message in printed.warnings]
    late += [
        Note(item["place"], f"shrunk to {item['ratio']:.0%} of its size to fit")
        for item in printed.shrunk
        if item["ratio"] < _HARD_TO_READ
    ]
    if late:
        context.notes += dict.fromkeys(late)
        printed = context.engine.compile(source())
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


def _cover(notes, questions, options, banner):
    rows = [
        f"(title: {string(question.title)}, points: {string(question.points)}, "
        f"notebook: {string(question.notebook)}, label: <{question.label}>)"
        for question in questions
    ]
    lines = [
        array([string(note.place), content("#" + string(note.message))])
        for note in notes
    ]
    return "#" + call(
        "cover",
        title=string(options.title),
        name=string(options.name),
        uid=string(options.uid),
        banner=string(banner),
        questions=array(rows),
        notes=array(lines),
    )
