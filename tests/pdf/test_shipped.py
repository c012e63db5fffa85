"""The four notebooks as they are in git, and the real exercise files."""

import subprocess
import sys

import pytest
from pypdf import PdfReader

from utils.pdf import cli, expected


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """Export where nothing is set up: no PATH, no home, no fonts of the system."""
    pdf = tmp_path_factory.mktemp("Abgabe 5 – ä") / "mine.pdf"
    command = [sys.executable, "-m", "utils.pdf", "--no-execute", "-o", str(pdf)]
    done = subprocess.run(
        [*command, "--name", "Ada"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cli.ROOT,
        env={"PATH": "", "HOME": "/nonexistent", "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return pdf, done


def test_nothing_is_wrong_but_that_they_were_not_run(exported):
    _, done = exported
    notes = [line.strip() for line in done.stderr.splitlines() if ": " in line]
    # How checks came out depends on who has worked here.
    titles = tuple(row["title"] for row in expected.expected(cli.NOTEBOOKS).values())
    notes = [note for note in notes if not note.startswith(titles)]
    says = "no cell of this notebook was run: its results are missing"
    assert notes == [f"{name}.ipynb: {says}" for name in cli.NOTEBOOKS]


def test_each_question_has_its_page_bookmark_and_link(exported):
    path, done = exported
    reader = PdfReader(path)
    told = [line for line in done.stdout.splitlines() if line.startswith("page ")]
    questions = expected.expected(cli.NOTEBOOKS)
    assert len(told) == len(questions)
    pages = [int(line.split()[1]) for line in told]
    assert pages == sorted(pages) and len(set(pages)) == len(pages)
    marked = {}
    pending = list(reader.outline)
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending += item
        else:
            marked.setdefault(reader.get_destination_page_number(item) + 1, item)
    assert set(pages) <= set(marked)
    assert len(reader.pages[0]["/Annots"]) >= len(questions)
