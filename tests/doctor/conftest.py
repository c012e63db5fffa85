"""A copy of the doctor in a folder of its own, and environments around it."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from utils.doctor import remedies
from utils.environment import STAMP, Environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A workbook's folder, which the doctor takes for its own."""
    root = tmp_path / "workbook"
    root.mkdir()
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, root)
    for module in ("remedies", "notebook", "report"):
        if hasattr(sys.modules.get(f"utils.doctor.{module}"), "ROOT"):
            monkeypatch.setattr(f"utils.doctor.{module}.ROOT", root)
    monkeypatch.setattr(remedies, "ROOT", root)
    return root


@pytest.fixture
def copy(root):
    """The same folder with the code of the doctor in it."""
    for room in ("doctor", "."):  # and the set-up's modules
        (root / "utils" / room).mkdir(parents=True, exist_ok=True)
        for file in (ROOT / "utils" / room).glob("*.py"):
            shutil.copy(file, root / "utils" / room)
    return root


@pytest.fixture
def finish():
    """Let a folder have a finished `.venv`, of which only the stamp is real."""

    def write(root, **changes):
        home = Environment(root)
        home.folder.mkdir()
        stamp = {**home.fingerprint(), **changes}
        (home.folder / STAMP).write_text(json.dumps(stamp))
        return home.folder

    return write
