"""What every part of the exporter shares: where we are, and what went wrong."""

import re
import unicodedata
from pathlib import Path

from utils.pdf import texmath
from utils.pdf.engine import missing_glyphs
from utils.pdf.report import Note
from utils.pdf.typst_source import call, string, text

# Control characters, lone surrogates and invisible marks: no glyph shows them.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\u200b\u2028\u2029"
    "\ufffe\uffff]"
)
# DejaVu lacks these, but has something close.
_STAND_INS = str.maketrans(
    {"✅": "✔", "❌": "✘", "❗": "!", "⭐": "★", "🟢": "●", "🔴": "●", "👉": "☞"}
    | {"💡": "☼", "\ufe0f": None}
)
# Words longer than this get invisible places to break.
LONGEST_WORD = 48
_BREAK_EVERY = 12
# So much of a formula that cannot be set is printed; more would fill pages.
LONGEST_SOURCE = 2000
# Inline math in which something is taller than a line.
_TALL = re.compile(
    r"display\(|mat\(|(under|over)brace\(|limits\(|frac\(|sqrt\(|root\(|#box\("
)


class Context:
    r"""The state of one export.

    Parameters
    ----------
    engine : utils.pdf.engine.Engine
    system_fonts : bool
        Whether fonts of the machine may show what DejaVu cannot.
    max_output_lines : int
        Longer outputs are shortened to so many lines; 0 means never.
    tagged : bool
        Whether the PDF is also for readers who cannot see its figures.
    by_nbconvert : bool
        Whether nbconvert asks, which spells options otherwise.

    Attributes
    ----------
    place : str
        Where we are, as `utils.pdf.review.places` says it.
    base : Path
        The folder that relative image paths start from.
    root : Path
        The folder that they may not leave.
    sources : dict
        The lines of each source file that the document ends with.
    line_labels : dict
        The labels of those lines that something points to: (file, number) to label.
    captions : list of str
        Descriptions of the figures that the current cell has yet to print.
    attachments : dict
        Images pasted into the current cell: name to {mime: base64 text}.
    macros : dict
        What the notebook has defined with ``\newcommand``.
    notes : list of Note
    """

    def __init__(
        self,
        engine,
        system_fonts=False,
        max_output_lines=200,
        tagged=False,
        by_nbconvert=False,
    ):
        self.engine = engine
        self.tagged = tagged
        self.by_nbconvert = by_nbconvert
        self.system_fonts = system_fonts
        self.max_output_lines = max_output_lines
        self.place = ""
        self.base = self.root = Path()
        self.captions = []
        self.sources = {}
        self.line_labels = {}
        self.attachments = {}
        self.macros = {}
        self.notes = []
        self._first_place = {}

    def note(self, message):
        """Record something the student should know, once per place."""
        note = Note(self.place, message)
        if note not in self.notes:
            self.notes.append(note)

    def clean(self, value):
        """Return text without what no font can show, and remember its characters."""
        value = _UNPRINTABLE.sub("\ufffd", value)
        if not self.system_fonts:
            value = value.translate(_STAND_INS)
        for character in set(value) - self._first_place.keys():
            self._first_place[character] = self.place
        return value

    def text(self, value):
        """Return literal text of the document; endless words may break anywhere."""
        return text(breakable(self.clean(value)))

    def string(self, value):
        """Return cleaned text as a Typst string literal."""
        return string(self.clean(value))

    def warning_box(self, kind, message):
        """Return a visible box in place of something that cannot be printed."""
        return "#" + call(
            "warning-box", string(kind), string(breakable(self.clean(message)))
        )

    def note_missing_glyphs(self):
        """Record which characters will be printed as boxes."""
        if self.system_fonts:
            return
        missing = missing_glyphs(self._first_place)
        if not missing:
            return
        shown = "; ".join(
            f"U+{ord(c):04X} {unicodedata.name(c, 'unnamed').lower()} "
            f"({self._first_place[c]})"
            for c in missing[:8]
        )
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        self.place = ""
        self.note(
            f"printed as boxes, because the fonts lack them: {shown}{more}. "
            f"The option {self.option('system-fonts')} uses the fonts of your machine."
        )

    def option(self, name, value=""):
        """Spell an option as the command line has it that made this document."""
        if self.by_nbconvert:
            return f"--TypstPDFExporter.{name.replace('-', '_')}={value or True}"
        return f"--{name} {value}".rstrip()

    def line_label(self, file, number):
        """Return the label of one line of a source file, to point to it."""
        name = f"line-{len(self.line_labels) + 1}"
        return self.line_labels.setdefault((file, number), name)

    def formula(self, latex, block):
        """Return a formula; one that cannot be set becomes its source in a box.

        Parameters
        ----------
        latex : str
            The formula without dollar signs.
        block : bool
            Whether it stands on a line of its own.
        """
        source = latex.strip()
        try:
            markup, tag = texmath.convert(self.clean(source), self.macros)
            error = self.engine.formula_error(markup) if markup.strip() else None
            if error:
                raise texmath.TexError(f"Typst: {error}")
        except (texmath.TexError, RecursionError) as error:
            self.note(f"formula printed as source ({error}): {source[:70]}")
            shown = source[:LONGEST_SOURCE]
            if len(source) > len(shown):
                shown += f" … ({len(source) - len(shown)} more characters)"
            bad = "#" + call("bad-formula", string(breakable(self.clean(shown))))
            return f"\n\n{bad}\n\n" if block else bad
        if not markup.strip():
            return ""
        return (self._block if block else self._inline)(source, markup, tag)

    def _block(self, source, markup, tag):
        numbering = {"numbering": f"(..n) => {self.string(tag)}"} if tag else {}
        equation = call(
            "math.equation",
            f"$ {markup} $",
            block="true",
            alt=self.string(source),
            **numbering,
        )
        return "\n\n#" + call("fit", string(self.place), equation) + "\n\n"

    def _inline(self, source, markup, tag):
        if tag:
            # There is no margin inside a line.
            markup = f"{markup} #h(1em) #{self.string(tag)}"
        equation = call(
            "math.equation", f"${markup}$", block="false", alt=self.string(source)
        )
        if _TALL.search(markup):
            equation = call("tall-inline", equation)
        elif len(source) < 40:
            return "#" + equation
        return "#" + call("inline-formula", string(self.place), equation)


def breakable(value):
    """Give words without an end zero-width places to break."""
    if len(value) <= LONGEST_WORD:
        return value

    def broken(match):
        word = match[0]
        starts = range(0, len(word), _BREAK_EVERY)
        return "\u200b".join(word[i : i + _BREAK_EVERY] for i in starts)

    return re.sub(rf"\S{{{LONGEST_WORD},}}", broken, value)
