"""What the comparison of PDFs counts."""

import shutil

import pytest

from benchmarks import pdf, pdf_notebooks
from utils.pdf.contents import Contents
from utils.pdf.document import Options, build

BBOX = """<page width="100.000000" height="50.000000">
<word xMin="1.0" yMin="2.0" xMax="30.0" yMax="9.0">in</word>
<word xMin="90.0" yMin="2.0" xMax="130.0" yMax="9.0">out</word>
<word xMin="-5.0" yMin="2.0" xMax="30.0" yMax="9.0">left</word>
<page width="200.000000" height="50.000000">
<word xMin="90.0" yMin="2.0" xMax="130.0" yMax="9.0">wide</word>
"""


def test_words_that_leave_their_page():
    assert pdf._words(BBOX) == ("in wide", 2)


def test_formulas_of_text_only():
    cells = pdf_notebooks.new_notebook(
        cells=[
            pdf_notebooks.new_markdown_cell(
                "`$a$` $$\n\\frac a b$$ x $c$\n\n```\n$d$\n```"
            ),
            pdf_notebooks.new_code_cell("'$e$'"),
        ]
    )
    assert list(pdf._formulas(cells)) == ["\n\\frac a b", "c"]
    assert pdf._start("y = \\frac a b") == "\\fracab"


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(pdf.importlib.util, "find_spec", lambda name: None)
    assert pdf._missing("pdf") == "there is no pandoc and no xelatex"
    assert pdf._missing("webpdf") == "there is no playwright"
    assert pdf._missing("typstpdf") == "there is no typst"
    assert pdf.main([]).startswith("pdftotext, pdftohtml")


def test_failures_count_as_nothing_found():
    found = pdf.Found(3, (1, 2), 0, (0, 4), (0, 0), (8, 8), 5)
    row = pdf._summary([((1.0, 2.0), found), ((0.5, 1.0), None), ((1, 1), found)])
    assert row[:3] == ["2 of 3", "2.5", "4.0"]
    assert row[3:] == ["6", "2 of 4", "0", "0 of 8", "-", "16 of 16", "10"]
    assert pdf._summary([((1.0, 2.0), None)]) == ["0 of 1", "1.0", "2.0", *"-------"]


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="needs Poppler's tools")
def test_nothing_of_a_hard_notebook_is_lost(tmp_path):
    notebook = pdf_notebooks.broken_notebook()
    path = tmp_path / "broken.pdf"
    contents = Contents([(tmp_path / "broken.ipynb", notebook)])
    path.write_bytes(build(contents, Options(), tmp_path).data)
    found = pdf._look(path, notebook)
    assert (found.ends, found.cut, found.corners) == ((8, 8), 0, (8, 8))
    assert found.raw == (2, 8)  # those that no program can set
    assert found.characters[0] == found.characters[1] == 11
    assert found.bookmarks >= 2
