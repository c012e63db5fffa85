"""Make the two pictures of README: ``python -m tests.browser.screenshots``.

``docs/workbook.png`` shows a notebook whose check has found a turned filter;
``docs/pdf-pages.png`` the cover and one page of a PDF that was made before, by
``./export_pdf.sh --name "Ada Lovelace" --uid 123456789``.  Needs Chromium, and
pdftoppm from poppler-utils.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import pypdf
from PIL import Image, ImageOps

from tests.browser import lab
from utils.staff import given, handout

ROOT = Path(__file__).resolve().parents[2]
CHECK = "check_conv_forward(conv_forward_naive)"
RIGHT, TURNED = "window * w[f])", "window * w[f, :, ::-1, ::-1])"
# Scroll to a place; true if it was there: what is drawn above it moves it once more.
AT_TOP = """place => {
    const before = place.getBoundingClientRect().top;
    place.scrollIntoView();
    return place.getBoundingClientRect().top == before;
}"""
COLOURS = 128  # a palette makes the files small


def main(argv=None):
    """Make both pictures, or the one that is named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=("workbook", "pdf-pages"))
    parser.add_argument("--pdf", type=Path, default=ROOT / "build" / "submission.pdf")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.only != "pdf-pages":
            keep(notebook(Path(folder)), "workbook")
        if arguments.only != "workbook":
            keep(pages(arguments.pdf, Path(folder)), "pdf-pages")


def notebook(folder):
    """Show the first exercise of CNN-Layers with a mistake in it."""
    workbook = folder / "workbook"
    handout.put(given.given_files(ROOT), workbook)
    exercise = workbook / "utils" / "exercises" / "conv_layers.py"
    right = exercise.read_text("utf-8")
    assert right.count(RIGHT) == 1
    exercise.write_text(right.replace(RIGHT, TURNED), "utf-8")
    variables = {"CIFAR10_SOURCE": "synthetic"}
    with lab.serving(workbook, folder / "lab", folder / "log", **variables) as address:
        with lab.browsing(address, width=1000, height=905, scale=1.5) as window:
            window.start()
            window.open("CNN-Layers.ipynb")
            window.run_all()
            window.menu("View", "File Browser")  # it is open: close it
            output = window.show("figure-conv-forward").locator(".jp-Cell-outputArea")
            place = output.element_handle()
            window.page.wait_for_function(AT_TOP, arg=place, polling=1000)
            window.page.wait_for_function(lab.DRAWN)
            window.page.screenshot(path=folder / "workbook.png")
    return Image.open(folder / "workbook.png").convert("RGB")


def pages(pdf, folder):
    """Lay the cover of a PDF and the page of a check side by side."""
    texts = [page.extract_text() for page in pypdf.PdfReader(pdf).pages]
    checked = next(k for k, text in enumerate(texts, 1) if CHECK in text)
    drawn = []
    for number in (1, checked):
        target = folder / f"page-{number}"
        count = ["-f", str(number), "-l", str(number), "-singlefile"]
        command = ["pdftoppm", "-r", "90", "-png", *count, str(pdf), str(target)]
        subprocess.run(command, check=True)
        image = Image.open(target.with_suffix(".png")).convert("RGB")
        drawn.append(ImageOps.expand(image, 2, "silver"))
    width, height = drawn[0].size
    both = Image.new("RGB", (2 * width + 30, height), "white")
    both.paste(drawn[0], (0, 0))
    both.paste(drawn[1], (width + 30, 0))
    return both


def keep(image, name):
    """Write a picture with few colours into docs/."""
    file = ROOT / "docs" / f"{name}.png"
    image.quantize(COLOURS).save(file, optimize=True)
    print(f"{file}: {image.width} x {image.height}, {file.stat().st_size // 1000} kB")


if __name__ == "__main__":
    sys.exit(main())
