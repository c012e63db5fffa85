"""What the command line says and returns about a PDF that is not as it should be."""

import hashlib
import json
import re
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from pypdf import PdfReader

from utils.pdf import cli, expected, fallback


def default(root):
    return root / "build" / "submission.pdf"


def test_check_writes_and_removes_nothing(run, root, capsys):
    default(root).parent.mkdir()
    default(root).write_bytes(b"old")
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), root / "CNN.ipynb")
    assert run("--check") == 0
    assert run("--check", "--strict") == 2
    assert default(root).read_bytes() == b"old"
    assert list(default(root).parent.iterdir()) == [default(root)]
    shown = capsys.readouterr()
    assert "CNN.ipynb: no cell of this notebook was run" in shown.err
    assert "Nothing was written" in shown.out


QUESTIONS = {
    name: {"title": title, "points": points, "notebook": "CNN", "written": False}
    for name, title, points in (
        ("CNN-q", "Question of CNN", 10),
        ("gone", "The gone one", 2),
    )
}


def test_a_missing_question_is_on_the_cover(run, root, monkeypatch, capsys):
    monkeypatch.setattr(expected, "expected", lambda names: QUESTIONS)
    assert run() == 0
    cover = PdfReader(default(root)).pages[0].extract_text()
    assert re.search(r"The gone one\s+2\s+CNN\s+not found", cover)
    assert 'CNN.ipynb: question "The gone one" not found' in capsys.readouterr().err
    assert run("--strict") == 2
    assert run("--require-complete") == 3
    assert "Not complete, without 1 question.\n" in capsys.readouterr().err


def test_checks_are_on_the_cover(run, root, monkeypatch, capsys):
    file = root / "utils" / "exercises" / "cnn.py"
    judged = {"file": "cnn.py", "name": "Net", "checked": True}
    table = {"CNN-q": QUESTIONS["CNN-q"] | judged}
    monkeypatch.setattr(expected, "expected", lambda names: table)
    record = {"passed": 4, "failed": 1, "todo": 0}
    record["file_sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    path = root / "build" / "checks" / "CNN-q.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(record), "utf-8")
    assert run("--require-complete") == 3
    cover = PdfReader(default(root)).pages[0].extract_text()
    assert re.search(r"Question of CNN\s+failed\s+4 of 5 passed", cover)
    assert "Question of CNN: the check fails" in capsys.readouterr().err
    path.write_text(json.dumps(record | {"failed": 0}), "utf-8")
    assert run("--require-complete", "--strict") == 0


def test_without_the_exporter(run, root, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "utils.pdf.exporter", None)
    monkeypatch.setattr(fallback, "print_page", lambda program, page: b"%PDF-x")
    monkeypatch.setattr(fallback, "BROWSERS", (sys.executable,))
    assert run() == 0
    assert default(root).read_bytes() == b"%PDF-x"
    shown = capsys.readouterr()
    assert "a browser" in shown.out
    lacking = "The workbook lacks a part of its own, utils.pdf.exporter"
    assert lacking in shown.err
    assert run("--engine", "html") == 1
    assert default(root).with_suffix(".html").is_file()
    assert not default(root).exists()
    assert run("--engine", "typst") == 1
    assert f"No PDF: {lacking}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("typst", "Typst is not installed"),
        ("utils.pdf.images", "The workbook lacks a part of its own, utils.pdf.images"),
        ("PIL.Image", "PIL.Image cannot be imported"),
    ],
)
def test_it_is_said_which_import_failed(name, words):
    assert cli._not_imported(ImportError("no", name=name)) == f"{words} (no)."
