"""A student's first hour in a browser, on the edition that students get.

Open a notebook, see "todo", write the convolution wrongly, read why it is wrong, write
it rightly, and make the PDF, once from a cell and once from a terminal.
"""

import re
from pathlib import Path

import pypdf
import pytest

from tests.copies import lend_packages
from tests.test_notebooks import printed_by
from utils.staff import handout

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
FILE = "utils/exercises/conv_layers.py"
EXPORT = './export_pdf.sh --only CNN-Layers --name "Ada Lovelace" --uid 123456789'


@pytest.fixture(scope="module")
def variables():
    return {"CIFAR10_SOURCE": "synthetic"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make the handout, and lend it our packages."""
    folder = tmp_path_factory.mktemp("student") / "my homework"
    handout.put(handout.build(ROOT, dirty=True), folder)
    lend_packages(folder)
    return folder


def solved(text, name):
    """Return an exercise's source with the workbook's own solution of one function."""
    ours = (ROOT / FILE).read_text("utf-8")
    ours = ours[ours.index(f"def {name}(") :]
    solution = re.search(r" *# BEGIN SOLUTION\n(.*?) *# END", ours, re.DOTALL)[1]
    todo = rf" *raise NotImplementedError\(\s*\"{name} .*?\)\n"
    solved, count = re.subn(todo, lambda _: solution, text, flags=re.DOTALL)
    assert count == 1
    return solved


def check(window, text, shot):
    """Write the exercise in Lab's editor; return what the check then says."""
    window.open(FILE)
    window.write(text)
    window.shoot(f"{shot}-file")
    window.open("CNN-Layers.ipynb")
    report = printed_by(window.run("check-conv-forward"))
    window.shoot(shot)
    return report


def is_whole(path):
    """Tell whether a PDF has a cover with the student's name, and pages behind it."""
    pages = pypdf.PdfReader(path).pages
    return len(pages) > 5 and "Ada Lovelace" in pages[0].extract_text()


def test_a_student_s_first_hour(window, folder):
    window.shoot("student-1-launcher")
    window.open("CNN-Layers.ipynb")
    window.run_all()
    window.shoot_all("student-2-todo")
    assert "todo" in printed_by(window.cell("check-conv-forward"))

    given = (folder / FILE).read_text("utf-8")
    right = solved(given, "conv_forward_naive")
    wrong = right.replace(" + b[f]", "")
    report = check(window, wrong, "student-3-wrong")
    assert "FAIL" in report and "bias" in report
    assert (folder / FILE).read_text("utf-8") == wrong
    report = check(window, right, "student-4-right")
    assert " ok " in report and not re.search("FAIL|todo", report), report

    assert "`!./export_pdf.sh`" in window.cell("source-text").source
    window.save()
    pdf = folder / "build" / "submission.pdf"
    printed = printed_by(window.run_new(f"!{EXPORT}"))
    window.shoot("student-5-export-in-a-cell")
    assert "submission.pdf" in printed and is_whole(pdf), printed
    pdf.unlink()
    window.run_in_terminal(EXPORT, until="Hand in this one file")
    window.shoot("student-6-export-in-a-terminal")
    assert is_whole(pdf)
    window.open("build/submission.pdf")
    window.page.wait_for_timeout(3000)  # nothing tells when a PDF has been drawn
    window.shoot("student-7-pdf")
