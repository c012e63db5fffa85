"""What editors and hosts in the net read: container, Binder, Colab."""

import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from utils.environment import NEWEST, OLDEST, Environment
from utils.staff.given import is_given

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.stem for path in ROOT.glob("*.ipynb"))
CONTAINER = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
BINDER = ROOT / "binder"


def is_ours(minor):
    return OLDEST <= (3, int(minor)) <= NEWEST


def test_the_container_has_a_python_that_we_know():
    assert is_ours(re.fullmatch(r"python:3\.(\d+)", CONTAINER["image"])[1])


def test_the_container_is_set_up_by_our_command_and_opened_in_its_environment():
    command, argument = CONTAINER["postCreateCommand"].split()
    assert (ROOT / command).is_file()
    assert argument == "--setup"
    settings = CONTAINER["customizations"]["vscode"]["settings"]
    top = "${containerWorkspaceFolder}"
    python = Environment(Path(top)).python
    assert settings["python.defaultInterpreterPath"] == python.as_posix()


def test_binder_has_a_python_that_we_know_and_our_packages():
    runtime = (BINDER / "runtime.txt").read_text().strip()
    assert is_ours(re.fullmatch(r"python-3\.(\d+)", runtime)[1])
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    (line,) = [line for line in lines if not line.startswith("#")]
    other = line.removeprefix("-r ")
    assert (BINDER / other).resolve() == ROOT / "requirements.txt"


@pytest.mark.parametrize("name", [".devcontainer/devcontainer.json", "binder/x"])
def test_students_get_them(name):
    assert is_given(name)


COLAB = """
import sys, types
sys.modules["google"] = sys.modules["google.colab"] = types.ModuleType("google.colab")
import subprocess, os
def refuse(*args, **kwargs):
    raise AssertionError(f"a process was started: {args}")
subprocess.Popen = os.system = refuse
"""


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_on_colab_the_first_cells_install_nothing(name):
    """Colab's own packages stay as they are, NumPy above all."""
    cells = nbformat.read(ROOT / f"{name}.ipynb", 4).cells
    first = [cell.source for cell in cells if cell.cell_type == "code"][:2]
    assert not re.search(r"^\s*[!%]|\bpip\b", "\n".join(first), re.MULTILINE)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([COLAB, *first])],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
