"""Without Typst: the workbook as one HTML page, and a browser that prints it.

This is what is left where Typst's wheel does not exist.  It knows no page of a
question and prints formulas as their source; it says so in the document and to the
student.  If there is no browser either, the student prints the page.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from nbconvert import HTMLExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from utils.pdf.files import room_in
from utils.pdf.report import Note, Report
from utils.pdf.review import is_skipped, review

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
TIMEOUT = 120  # seconds
# A notebook's scripts do not run, and nothing is fetched, from wherever it may be.
_HEAD = """<head>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
"""
# Nothing may leave the page: browsers clip long lines of code silently.
_STYLE = """<style>
* { overflow-wrap: anywhere !important; }
pre, code { white-space: pre-wrap !important; }
.jp-InputArea-editor, .jp-OutputArea-output { overflow: visible !important; }
img, svg { max-width: 100% !important; max-height: 24cm !important; }
table { font-size: 60% !important; table-layout: auto !important; }
.new-page { break-before: page; }
</style>
"""
_WARNING = Note(
    "",
    "made without Typst: formulas are printed as their source, and on which pages "
    "questions begin is not known",
)


def print_contents(contents, name, uid, browser=True):
    """Make a PDF by a browser, or else the page it would print.

    Parameters
    ----------
    contents : utils.pdf.contents.Contents
    name, uid : str
        For the first page.
    browser : bool
        Whether to look for a browser.

    Returns
    -------
    utils.pdf.report.Report
    """
    notes = [_WARNING, *contents.notes]
    for path, notebook in contents.notebooks:
        notes += review(notebook, path.name)
    page = to_html(contents, name, uid, notes).encode("utf-8", "replace")
    for program in filter(None, map(shutil.which, BROWSERS if browser else ())):
        pdf = print_page(program, page)
        if pdf:
            engine = Path(program).stem + ", a browser"
            return Report(pdf, 0, [], notes, "", engine)
    return Report(page, 0, [], notes, "", "nbconvert, as HTML", ".html")


def to_html(contents, name, uid, notes):
    """Return one page with everything, in which no script runs.

    Parameters
    ----------
    contents : utils.pdf.contents.Contents
    name, uid : str
    notes : list of utils.pdf.report.Note

    Returns
    -------
    str
    """
    lines = [f"- {n.place}{': ' if n.place else ''}{n.message}" for n in notes]
    who = f"{name or 'no name given'} {uid}".strip()
    cells = [new_markdown_cell(_escaped("\n".join([f"# {who}", "", *lines])))]
    for path, notebook in contents.notebooks:
        cells.append(_opening(path.stem))
        for cell in notebook.cells:
            if not is_skipped(cell):
                mark = new_markdown_cell("**Answer**")
                cells += [mark, cell] if "answer" in cell.metadata else [cell]
    for path, shown in contents.sources:
        source = path.read_text(encoding="utf-8", errors="replace")
        fence = "`" * 12
        cells += [_opening(shown), new_markdown_cell(f"{fence}python\n{source}{fence}")]
    exporter = HTMLExporter(embed_images=True)
    folder = str(contents.notebooks[0][0].parent) if contents.notebooks else "."
    resources = {"metadata": {"name": "Workbook", "path": folder}}
    # Cells of several notebooks may have one id.
    cells = [NotebookNode(cell, id=f"cell-{i}") for i, cell in enumerate(cells)]
    page, _ = exporter.from_notebook_node(new_notebook(cells=cells), resources)
    page = page.replace("<head>", _HEAD, 1)
    return page.replace("</head>", f"{_STYLE}</head>", 1)


def _opening(title):
    return new_markdown_cell(f'<h1 class="new-page">{_escaped(title)}</h1>')


def _escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("$", r"\$")


def print_page(program, page):
    """Let a browser print a page.

    Parameters
    ----------
    program : str
        The browser.
    page : bytes
        HTML.

    Returns
    -------
    bytes or None
        The PDF; None if that fails.
    """
    with tempfile.TemporaryDirectory(prefix="workbook-pdf-") as folder:
        folder = Path(folder)
        source, target = folder / "page.html", folder / "page.pdf"
        with room_in(folder.parent):
            source.write_bytes(page)
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            "--virtual-time-budget=20000",
            f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={target}",
        ]
        if getattr(os, "geteuid", lambda: 1)() == 0:
            command.append("--no-sandbox")  # browsers refuse to start as root
        try:
            subprocess.run(
                [*command, source.as_uri()],
                capture_output=True,
                timeout=TIMEOUT,
                check=True,
            )
            pdf = target.read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None
    return pdf if pdf.startswith(b"%PDF") else None
