"""What a console without all letters makes of a text, and how commands end."""

import io
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from utils.console import accept_all_letters, run

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


@pytest.mark.parametrize("lines", [1, 100_000])  # one waits in the buffer to the end
def test_a_reader_that_goes_away_ends_a_command_quietly(lines):
    program = "import sys; from utils.console import run; input();"
    program += f"sys.exit(run(lambda: print('a line\\n' * {lines})))"
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", program]
    process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)
    process.stdout.close()
    process.stdin.write(b"\n")
    process.stdin.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


def test_the_status_of_a_command():
    assert run(lambda: 3) == 3
    assert run(lambda: signal.raise_signal(signal.SIGINT)) == 130
