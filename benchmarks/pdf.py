"""Our PDF beside nbconvert's: ``python -m benchmarks.pdf build/executed/*.ipynb``.

The executed notebooks that are given, and two that are hard on exporters
(`pdf_notebooks`), go through ``jupyter nbconvert --to`` typstpdf, which is ours, pdf
(pandoc and XeLaTeX) and webpdf (a browser).  The PDFs are then looked into with
Poppler.  Whatever is not installed is named and left out::

    apt install poppler-utils
    apt install pandoc texlive-xetex texlive-fonts-recommended texlive-plain-generic
    pip install 'nbconvert[webpdf]' && playwright install chromium
"""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
from PIL import Image

from benchmarks import pdf_notebooks

OURS = "typstpdf"
ROUTES = (OURS, "pdf", "webpdf")
POPPLER = ("pdftotext", "pdftohtml", "pdfinfo", "pdftoppm")
TIMEOUT = 300  # seconds for one notebook
HEADER = ("notebooks", "--to", "PDFs", "seconds", "CPU s", "pages")
HEADER += ("ends", "cut words", "raw formulas", "characters", "corners", "bookmarks")
LEGEND = """\
ends: words at the end of too-long things that lie inside of their page; cut words:
words that leave the page; raw formulas: formulas that stand there as LaTeX; characters:
unusual ones that can be read; corners: of two large pictures, that are on a page."""


class Found(NamedTuple):
    """What was found in PDFs; each is one count, or (how many, of how many)."""

    pages: int
    ends: tuple
    cut: int
    raw: tuple
    characters: tuple
    corners: tuple
    bookmarks: int


def main(argv=None):
    """Convert, look and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pdf")
    parser.add_argument("notebooks", nargs="*", type=Path, help="executed ones")
    parser.add_argument("--to", action="append", choices=ROUTES, help="only these")
    parser.add_argument("--rounds", type=int, default=3, help="the fastest counts")
    parser.add_argument("--mathjax", metavar="URL", help="for webpdf, if it is offline")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the PDFs")
    options = parser.parse_args(argv)
    lacking = [program for program in POPPLER if not shutil.which(program)]
    if lacking:
        return f"{', '.join(lacking)} not found: install Poppler's tools."
    print(LEGEND + "\n\n" + _row(HEADER) + _row(["---"] * len(HEADER)), end="")
    with tempfile.TemporaryDirectory(prefix="benchmark-pdf-") as scratch:
        groups = _groups(options.notebooks, Path(scratch))
        for route in options.to or ROUTES:
            missing = _missing(route)
            if missing:
                print(f"--to {route} is left out: {missing}.", file=sys.stderr)
                continue
            folder = (options.keep or Path(scratch)) / route
            for title, paths in groups.items():
                measured = [_measure(p, route, folder, options) for p in paths]
                print(_row([title, route, *_summary(measured)]), end="", flush=True)
    return 0


def _groups(notebooks, scratch):
    groups = {"given": notebooks} if notebooks else {}
    for make in (pdf_notebooks.long_notebook, pdf_notebooks.broken_notebook):
        title = make.__name__.removesuffix("_notebook")
        nbformat.write(make(), scratch / f"{title}.ipynb")
        groups[title] = [scratch / f"{title}.ipynb"]
    return groups


def _missing(route):
    """Say in words what a way to a PDF lacks here; an empty string: nothing."""
    if route == OURS:
        return "" if importlib.util.find_spec("typst") else "there is no typst"
    if route == "pdf":
        names = [name for name in ("pandoc", "xelatex") if not shutil.which(name)]
        return f"there is no {' and no '.join(names)}" if names else ""
    if not importlib.util.find_spec("playwright"):
        return "there is no playwright"
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.executable_path
    return "" if Path(browser).exists() else f"playwright has no browser in {browser}"


def _measure(notebook, route, folder, options):
    """Convert one notebook; return the best (seconds, CPU seconds), and what is found.

    If no PDF comes out, that is None.
    """
    pdf = folder / f"{notebook.stem}.pdf"
    to = "utils.pdf.exporter.TypstPDFExporter" if route == OURS else route
    command = [sys.executable, "-m", "nbconvert", "--to", to, str(notebook.resolve())]
    command += ["--output-dir", str(folder.resolve())]
    if route == "webpdf" and hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--WebPDFExporter.disable_sandbox=True")  # refuses root else
    if route == "webpdf" and options.mathjax:
        command.append(f"--WebPDFExporter.mathjax_url={options.mathjax}")
    pdf.unlink(missing_ok=True)
    times = [_timed(command) for _ in range(options.rounds)]
    return min(times), _look(pdf, nbformat.read(notebook, 4)) if pdf.exists() else None


def _timed(command):
    before, start = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT)
    seconds, after = time.perf_counter() - start, os.times()
    if done.returncode:
        errors = re.findall(r"^\S*(?:Error|Exception)\b.*", done.stderr, re.MULTILINE)
        why = errors[-1] if errors else done.stderr.strip()[-200:]
        print(f"{' '.join(command[4:6])} fails: {why[:200]}", file=sys.stderr)
    used = after.children_user + after.children_system
    return seconds, used - before.children_user - before.children_system


def _look(pdf, notebook):
    raw = _output("pdftotext", "-bbox", pdf, "-")
    inside, cut = _words(raw)
    text = re.sub(r"[\s↪]", "", inside)
    source = "\n".join(_texts(notebook))
    ends = set(re.findall(r"END[A-Z]+", source))
    formulas = [f for f in _formulas(notebook) if "\\" in f]
    special = set(pdf_notebooks.CHARACTERS) if ends else set()
    return Found(
        pages=raw.count("<page "),
        ends=(sum(end in text for end in ends), len(ends)),
        cut=cut,
        raw=(sum(_start(f) in text for f in formulas), len(formulas)),
        characters=(len(special & set(text)), len(special)),
        corners=_corners(pdf) if ends else (0, 0),
        bookmarks=_output("pdftohtml", "-xml", "-i", "-stdout", pdf).count("<item "),
    )


def _words(bbox):
    """Return the words that lie inside of their page, and how many do not."""
    inside, cut, width, height = [], 0, 0, 0
    for line in bbox.split("\n"):
        numbers = [float(n) for n in re.findall(r'"(-?[\d.]+)"', line)]
        if "<page " in line:
            width, height = numbers
        elif match := re.search(r">(.*)</word>", line):
            left, top, right, bottom = numbers
            if left < 0 or top < 0 or right > width + 0.5 or bottom > height + 0.5:
                cut += 1
            else:
                inside.append(match[1])
    return " ".join(inside), cut


def _texts(notebook):
    for cell in notebook.cells:
        yield cell.source
        for output in cell.get("outputs", []):
            yield output.get("text", "")
            yield output.get("data", {}).get("text/html", "")


def _formulas(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            prose = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.DOTALL)
            for match in re.finditer(r"\$\$(.+?)\$\$|\$(.+?)\$", prose, re.DOTALL):
                yield match[1] or match[2]


def _start(formula):
    """Return what can only be read if a formula was not set."""
    return re.sub(r"\s", "", formula[formula.index("\\") :])[:12]


def _corners(pdf):
    """Count the coloured corners of the pictures that are on some page."""
    colours = [c for corners in pdf_notebooks.CORNERS.values() for c in corners]
    seen = set()
    with tempfile.TemporaryDirectory() as folder:
        _output("pdftoppm", "-png", "-r", "60", pdf, Path(folder, "page"))
        for path in Path(folder).glob("*.png"):
            page = np.asarray(Image.open(path).convert("RGB"), int)
            for colour in colours:
                if np.sum(np.abs(page - colour).max(axis=2) <= 6) >= 9:
                    seen.add(colour)
    return len(seen), len(colours)


def _output(*command):
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, timeout=TIMEOUT, check=True)
    return done.stdout.decode("utf-8", "replace")


def _summary(measured):
    """Add up what was measured of some notebooks."""
    times, found = zip(*measured, strict=True)
    found = [one for one in found if one]
    row = [f"{len(found)} of {len(measured)}"]
    row += [f"{sum(column):.1f}" for column in zip(*times, strict=True)]
    if not found:
        return row + ["-"] * (len(HEADER) - 2 - len(row))
    for column in zip(*found, strict=True):
        if isinstance(column[0], tuple):
            part, whole = (sum(numbers) for numbers in zip(*column, strict=True))
            row.append(f"{part} of {whole}" if whole else "-")
        else:
            row.append(str(sum(column)))
    return row


def _row(cells):
    return "| " + " | ".join(cells) + " |\n"


if __name__ == "__main__":
    sys.exit(main())
