"""All formulas of ``formulas.txt`` beside their LaTeX, to be looked at by eye.

``python -m tests.pdf.sheet FOLDER`` draws them into FOLDER, after a change of the
``tex...`` modules: that a formula compiles does not make it the right one.
"""

import sys
from pathlib import Path

import typst

from tests.pdf.test_texmath import FORMULAS
from utils.pdf.context import breakable
from utils.pdf.engine import Engine
from utils.pdf.texmath import convert
from utils.pdf.typst_source import call, string

LOOK = """\
#set page(width: 1000pt, height: 1000pt, margin: 10pt, columns: 2)
#set text(size: 9pt)
#show raw: set text(font: "DejaVu Sans Mono", size: 5pt)
#set table(columns: (22pt, 160pt, 1fr), align: left + horizon, stroke: 0.2pt + gray)
"""


def main(folder):
    """Draw the sheets."""
    folder.mkdir(parents=True, exist_ok=True)
    engine = Engine(folder)
    cells = []
    for number, latex in enumerate(FORMULAS, 1):
        markup, tag = convert(latex)
        numbering = {"numbering": f"(..n) => {string(tag)}"} if tag else {}
        equation = call("math.equation", f"$ {markup} $", block="true", **numbering)
        cells += [f"[{number}]", f"raw({string(breakable(latex))})", equation]
    source = folder / "sheet.typ"
    source.write_text(f"{LOOK}#{call('table', *cells)}", "utf-8")
    sheets = str(folder / "formulas-{p}.png")
    typst.compile(source, output=sheets, ppi=110, font_paths=engine.fonts)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
