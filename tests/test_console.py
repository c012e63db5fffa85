"""What a console without all letters makes of a text."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from utils.console import accept_all_letters

ROOT = Path(__file__).resolve().parent.parent
PRINT = """
import sys
from utils.console import accept_all_letters
accept_all_letters()
print("Größe \\u2713")
print("Größe \\u2713", file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", r"Gr\xf6\xdfe \u2713"),
        ("cp1252", r"Größe \u2713"),
        ("utf-8", "Größe \u2713"),
    ],
)
def test_what_a_console_cannot_show_is_written_out(encoding, expected):
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", PRINT],
        env={"PYTHONIOENCODING": encoding},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for said in (done.stdout, done.stderr):
        assert said.decode(encoding).strip() == expected


def test_other_streams_stay_as_they_are(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(sys, "stderr", None)  # as in pythonw
    accept_all_letters()
