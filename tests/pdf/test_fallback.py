import os
import stat
import sys

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tests.pdf.torture import code, display, encoded, png, stream
from utils.pdf import fallback
from utils.pdf.contents import Contents
from utils.pdf.report import Note

SCRIPT = """#!{python}
import pathlib, sys
page = sys.argv[-1].removeprefix("file://")
assert "ENDLONG" in pathlib.Path(page).read_text("utf-8")
target = [a for a in sys.argv if a.startswith("--print-to-pdf=")][0]
pathlib.Path(target.split("=", 1)[1]).write_bytes({data})
"""


@pytest.fixture
def contents(tmp_path):
    source = tmp_path / "layer.py"
    source.write_text("def f():\n    return 1 < 2\n")
    cells = [
        new_markdown_cell("# About\n\n<script>alert(1)</script>"),
        code("x = 1  # " + "long " * 50 + "ENDLONG", stream("<b>$x$</b>")),
        code("plot", display(png=encoded(png(4, 4)))),
        code("hidden", stream("secret")),
    ]
    cells[-1].metadata["tags"] = ["no_pdf"]
    cells.append(new_markdown_cell("Because.", metadata={"answer": "why"}))
    # Twice, so that ids of cells are not unique.
    pairs = [(tmp_path / f"{name}.ipynb", new_notebook(cells=cells)) for name in "NM"]
    return Contents(pairs, [(source, "layer.py")], [Note("here", "a <note>")])


def test_the_page_holds_everything_and_forbids_scripts(contents):
    page = fallback.to_html(contents, "Ada", "42", contents.notes)
    for piece in (
        "Ada 42",
        "a &lt;note&gt;",
        "ENDLONG",
        "layer.py",
        "image/png;base64",
    ):
        assert piece in page, piece
    # The browser obeys it for everything that follows.
    head, body = page.split("<script", 1)
    assert "Content-Security-Policy" in head and "default-src 'none'" in head
    assert "&lt;p&gt;" not in body
    assert "secret" not in page
    assert body.index("<strong>Answer</strong>") < body.index("Because.")
    assert "pre-wrap" in page


@pytest.fixture
def browser(tmp_path, monkeypatch):
    def browser(data):
        path = tmp_path / "chromium"
        path.write_text(SCRIPT.format(python=sys.executable, data=data))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(fallback, "BROWSERS", ("nowhere", str(path)))

    return browser


@pytest.mark.skipif(os.name == "nt", reason="the browser is a script")
def test_a_browser_prints_it(contents, browser):
    browser(b"%PDF-1.7")
    report = fallback.print_contents(contents, "Ada", "42")
    assert (report.data, report.suffix) == (b"%PDF-1.7", ".pdf")
    assert report.engine == "chromium, a browser"
    assert report.notes[:2] == [fallback._WARNING, contents.notes[0]]


@pytest.mark.skipif(os.name == "nt", reason="the browser is a script")
@pytest.mark.parametrize("data", [b"", b"<html>"])
def test_without_a_browser_that_works_there_is_the_page(contents, browser, data):
    browser(data)
    report = fallback.print_contents(contents, "Ada", "42")
    assert report.suffix == ".html"
    assert b"ENDLONG" in report.data


def test_html_asks_no_browser(contents, monkeypatch):
    monkeypatch.setattr(fallback, "print_page", None)
    assert fallback.print_contents(contents, "", "", browser=False).suffix == ".html"
