"""One notebook as a list of document parts, a part for each cell."""

import re
from typing import NamedTuple

from utils.pdf.highlight import highlight
from utils.pdf.lines import typst_lines, wrap_all
from utils.pdf.markdown import COLUMNS, MarkdownWriter, call_heading
from utils.pdf.outputs import OutputWriter, merged
from utils.pdf.report import Question
from utils.pdf.review import is_skipped, places, question_of
from utils.pdf.typst_source import call, content, string

# Room for the execution count at the right of a cell's first line.
_CODE_COLUMNS = COLUMNS - 4
# Only for notebooks that do not mark their questions in the cells' metadata.
_QUESTION = re.compile(
    r"(inline\s+)?(question|exercise|problem|task|extra credit)\b", re.IGNORECASE
)
_POINTS = re.compile(r"\((\d+)\s+(?:points|pts)", re.IGNORECASE)
_MAGIC = re.compile(r"\s*%%(bash|sh|html|javascript|latex)\b")
_BREAK = "#pagebreak(weak: true)\n"


class Part(NamedTuple):
    """A piece of the document.

    If ``markup`` fails, ``source`` is printed instead, under ``heading``: markup
    with the labels that the cover's table of questions points to.
    """

    place: str
    markup: str
    source: str
    heading: str = ""


def part_opening(name):
    """Return the markup that begins a notebook or the appendix on a new page."""
    return "#" + call("part", string(name)) + "\n"


def anchored(part, label):
    """Return a part's markup with a label where its first page begins."""
    anchor = f"#metadata(none) <{label}>\n"
    first, line_break, rest = part.markup.partition("\n")
    if first.startswith(("#pagebreak", "#part(")):
        return first + line_break + anchor + rest
    return anchor + part.markup


def kept_whole(part):
    """Return a part that stays on one page, if it fits.

    In front of a new page, its last lines would have one of their own.
    """
    return part._replace(markup="#" + call("whole", content(f"\n{part.markup}\n")))


def _is_lesson(cell):
    """Tell text of the course from questions, and answers, which stay with them."""
    marked = {"question", "answer"} & cell.metadata.keys()
    return cell.cell_type == "markdown" and not marked


def project_folder(folder):
    """Return the folder around a notebook that its pictures may come from.

    Parameters
    ----------
    folder : Path
        The notebook's.

    Returns
    -------
    Path
        The repository it lies in; without one, its own folder.
    """
    folder = folder.resolve()
    for parent in (folder, *folder.parents):
        if (parent / ".git").exists():
            return parent
    return folder


def captions_of(cell):
    """Return what a cell's metadata say about its figures, in their order."""
    captions = cell.metadata.get("caption") or []
    captions = [captions] if isinstance(captions, str) else captions
    return list(map(str, captions)) if isinstance(captions, list) else []


def as_plain_source(context, part, reason):
    """Return a part that prints its bare source, and note why.

    Parameters
    ----------
    context : utils.pdf.context.Context
    part : Part
    reason : str
        What failed, as the end of a sentence.

    Returns
    -------
    Part
    """
    context.place = part.place
    context.note(f"printed as plain source, because {reason}")
    lines = highlight(context.clean(part.source), "text")
    rows = typst_lines(wrap_all(lines, _CODE_COLUMNS))
    listing = "#" + call("code-cell", '""', rows)
    return part._replace(markup=f"{part.heading}\n{listing}")


class NotebookWriter:
    """Turns notebooks into parts and finds their questions.

    Parameters
    ----------
    context : utils.pdf.context.Context
    question_breaks : bool
        Whether each question but the first of a notebook begins a page.
    root : Path, optional
        The folder that pictures may come from; by default `project_folder`'s.

    Attributes
    ----------
    questions : list of Question
        Of all notebooks so far.
    """

    def __init__(self, context, question_breaks=True, root=None):
        self.context = context
        self.root = root
        self.question_breaks = question_breaks
        self.questions = []
        self.outputs = OutputWriter(context)
        self._writer = MarkdownWriter(context, self._heading)

    def parts(self, notebook, path):
        """Return the parts of one notebook.

        Parameters
        ----------
        notebook : nbformat.NotebookNode
        path : Path
            Where the notebook lies: its name and the root of relative images.
        """
        self._name = path.stem
        self._is_marked = any(question_of(cell) for cell in notebook.cells)
        self._questions_before = len(self.questions)
        self._is_titled = False
        self._pending = None  # the question whose heading comes next
        self._cell = None
        self.context.base = path.parent
        self.context.root = self.root or project_folder(path.parent)
        self.context.macros = {}
        parts, is_lesson = [], False
        where = places(notebook, path.name)
        for self.context.place, cell in zip(where, notebook.cells, strict=True):
            if not is_skipped(cell):
                part = self._part(cell)
                if is_lesson and part.markup.startswith(_BREAK):
                    parts[-1] = kept_whole(parts[-1])
                is_lesson = self._is_marked and _is_lesson(cell)
                parts.append(part)
        opening = part_opening(self._name)
        if not self._is_titled:
            opening += call_heading(1, self.context.text(self._name)) + "\n"
        self.context.place = path.name
        return [Part(path.name, opening, ""), *parts]

    def _part(self, cell):
        begun, is_titled, failure = len(self.questions), self._is_titled, None
        try:
            markup = self._markup(cell)
        except Exception as error:
            # Whatever a damaged cell may hold: it does not cost the other cells.
            markup, self._pending, self._is_titled = "", None, is_titled
            failure = f"of {type(error).__name__}: {error}"[:120]
        headings = (self._plain_heading(n) for n in range(begun, len(self.questions)))
        part = Part(self.context.place, markup, cell.source, "".join(headings))
        return as_plain_source(self.context, part, failure) if failure else part

    def _markup(self, cell):
        self._cell = cell
        if cell.cell_type == "code":
            return self._code(cell)
        if cell.cell_type == "raw":
            return OutputWriter(self.context).terminal(cell.source)
        self.context.attachments = cell.get("attachments", {})
        return self._markdown(cell)

    def _code(self, cell):
        markup = []
        if cell.source.strip():
            magic = _MAGIC.match(cell.source)
            source = self.context.clean(cell.source)
            lines = highlight(source, magic[1] if magic else "ipython3")
            rows = typst_lines(wrap_all(lines, _CODE_COLUMNS))
            count = string(str(cell.get("execution_count") or " "))
            sticky = {"sticky": "true"} if cell.outputs else {}
            markup.append("#" + call("code-cell", count, rows, **sticky))
        self.context.captions = captions_of(cell)
        outputs = merged(cell.outputs)
        for left, output in zip(reversed(range(len(outputs))), outputs, strict=True):
            markup.append(self.outputs.convert(output, followed=left > 0))
        self.context.captions = []
        return "\n".join(piece for piece in markup if piece)

    def _markdown(self, cell):
        question = question_of(cell)
        if not question:
            markup = self._writer.convert(cell.source)
            if "answer" in cell.metadata and markup.strip():
                return "#" + call("answer", content(f"\n{markup}\n"))
            return markup
        title = question.get("title") or question.get("id") or "Question"
        points, name = (question.get(key, "") for key in ("points", "id"))
        page_break = self._begin_question(title, points, name)
        self._pending = self.questions[-1]
        markup = self._writer.convert(cell.source)
        if self._pending:
            heading = self._question_heading(self.context.text(title))
            markup = f"{heading}\n{markup}"
        return page_break + markup

    # Questions and headings.

    def _begin_question(self, title, points, name=""):
        number = len(self.questions)
        label = f"question-{number + 1}"
        self.questions.append(Question(title, points, self._name, label, name))
        return self._break_before(number)

    def _break_before(self, number):
        is_first = number == self._questions_before
        return "" if is_first or not self.question_breaks else _BREAK

    def _plain_heading(self, number):
        """Return a question's heading for a cell whose own markup fails."""
        question = self.questions[number]
        title = self.context.text(question.title)
        heading = call_heading(2, title, label=question.label)
        return f"{self._break_before(number)}{heading}\n"

    def _question_heading(self, markup):
        self._pending = None
        return call_heading(2, markup, label=self.questions[-1].label)

    def _heading(self, level, markup, plain):
        """Return a heading: level 1 is the notebook, level 2 a question or section."""
        if self._pending:
            return self._question_heading(markup)
        if not self._is_marked and _QUESTION.match(plain):
            points = _POINTS.search(plain)
            page_break = self._begin_question(plain, points[1] if points else "")
            return page_break + self._question_heading(markup)
        if level == 1 and not self._is_titled and not self.questions_begun:
            self._is_titled = True
            return call_heading(1, markup)
        return call_heading(min(6, self._lowered(level)), markup)

    @property
    def questions_begun(self):
        """Whether a question of the current notebook has begun."""
        return len(self.questions) > self._questions_before

    def _lowered(self, level):
        """Keep answers and second titles below the headings they belong to."""
        if "answer" in self._cell.metadata:
            return level + 2
        lowest = 3 if "question" in self._cell.metadata else 2
        if level == 1 and self.questions_begun:
            lowest = 3
        return max(lowest, level)
