"""Typst: fonts, trial compilations and the final one."""

import importlib.util
import json
import shutil
import unicodedata
from functools import cache
from pathlib import Path
from typing import NamedTuple

import typst
from fontTools.ttLib import TTFont

from utils.pdf.typst_source import string

VERSION = f"Typst {typst.__version__}"

TEMPLATE = Path(__file__).with_name("template.typ")
# Matplotlib's wheel brings them.  Its LastResort font is left out on purpose:
# it would hide that a glyph is missing.
_FONT_NAMES = [
    f"DejaVuSans{kind}{weight}.ttf"
    for kind in ("", "Mono")
    for weight in ("", "-Bold", "-Oblique", "-BoldOblique")
]
_TRIAL_PAGE = "#set page(width: auto, height: auto)\n"


class Printed(NamedTuple):
    """A finished document.

    ``pages`` is their number, ``question_pages`` the page of each question,
    ``shrunk`` what was too large (dictionaries of place and ratio): all recorded
    by the template while laying out; ``warnings`` are Typst's own.
    """

    pdf: bytes
    warnings: list
    pages: int
    question_pages: list
    shrunk: list


class Engine:
    """Compiles Typst inside one scratch folder.

    Parameters
    ----------
    folder : Path
        An existing folder; images and the document's source are written to it.
    system_fonts : bool
        Also use the fonts of this machine, for characters DejaVu does not have.
        The PDF then depends on the machine.
    """

    def __init__(self, folder, system_fonts=False):
        self.folder = Path(folder)
        shutil.copy(TEMPLATE, self.folder / TEMPLATE.name)
        fonts = self.folder / "fonts"
        fonts.mkdir(exist_ok=True)
        for name in _FONT_NAMES:
            shutil.copy(_font_source() / name, fonts)
        self.fonts = typst.Fonts(
            include_system_fonts=system_fonts, font_paths=[str(fonts)]
        )
        self._trial = typst.Compiler(root=str(self.folder), font_paths=self.fonts)
        self._formula_errors = {}

    def formula_error(self, markup):
        """Compile one formula alone; return what is wrong with it, or None."""
        if markup not in self._formula_errors:
            self._formula_errors[markup] = self.error(f"$ {markup} $")
        return self._formula_errors[markup]

    def image_error(self, name):
        """Decode one image alone; return what is wrong with it, or None."""
        return self.error(f"#image({string(name)})")

    def part_error(self, markup):
        """Compile a part of the document alone; return what is wrong, or None."""
        return self.error(f'#import "{TEMPLATE.name}": *\n{markup}')

    def error(self, markup):
        """Return the first line of Typst's complaint about ``markup``, or None."""
        try:
            self._trial.compile((_TRIAL_PAGE + markup).encode(), format="svg")
        except (typst.TypstError, RuntimeError) as error:
            return str(error).split("\n")[0][:120]
        return None

    def compile(self, source, tagged=False):
        """Compile the whole document.

        Parameters
        ----------
        source : str
            Typst markup.
        tagged : bool
            Whether programs that read aloud find headings, figures and tables;
            the file is then twice as large.

        Returns
        -------
        Printed

        Raises
        ------
        typst.TypstError
            If the document does not compile.
        """
        main = self.folder / "main.typ"
        main.write_text(source, encoding="utf-8", newline="\n")
        compiler = typst.Compiler(
            str(main), root=str(self.folder), font_paths=self.fonts
        )
        pdf, warnings = compiler.compile_with_warnings(format="pdf", pdf_tags=tagged)
        report = json.loads(compiler.query("<report>", field="value", one=True))
        shrunk = json.loads(compiler.query("<shrunk>", field="value"))
        messages = list(dict.fromkeys(warning.message for warning in warnings))
        return Printed(pdf, messages, report["pages"], report["questions"], shrunk)


def missing_glyphs(characters):
    """Return, sorted, the characters that no font of the document can show."""
    doubtful = [c for c in characters if ord(c) > 0x24F and _is_visible(c)]
    known = _covered() if doubtful else ()
    return sorted(c for c in doubtful if ord(c) not in known)


def _is_visible(character):
    if unicodedata.combining(character) or character in "\ufe0e\ufe0f\ufffd":
        return False
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")


@cache
def _covered():
    covered = set(range(0x1D400, 0x1D800))  # Typst's own font of formulas
    for name in ("DejaVuSans.ttf", "DejaVuSansMono.ttf"):
        with TTFont(_font_source() / name, lazy=True) as font:
            covered |= font.getBestCmap().keys()
    return covered


def _font_source():
    # Importing matplotlib would cost 15 MB and some time, for a path.
    spec = importlib.util.find_spec("matplotlib")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"
