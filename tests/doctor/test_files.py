"""Each line on the workbook's files, once well and once with its fault provoked."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from utils.doctor import files
from utils.doctor.remedies import Fault

ROOT = Path(__file__).resolve().parents[2]


def fault(look):
    with pytest.raises(Fault) as caught:
        look()
    return caught.value


@pytest.fixture
def handout(root):
    """A student's copy: two given files, all notebooks, all exercises."""
    given = {"utils/layers.py": "x = 1\n", "utils/shapes.py": "y = 2\n"}
    place = Path("utils", "exercises")
    (root / place).mkdir(parents=True)
    for name, text in given.items():
        (root / name).write_bytes(text.encode())
    digests = {n: hashlib.sha256(t.encode()).hexdigest() for n, t in given.items()}
    (root / files.MANIFEST).write_text(json.dumps({"given": digests}))
    for name in files.NOTEBOOKS:
        shutil.copy(ROOT / f"{name}.ipynb", root)
    for name in files.EXERCISES:
        shutil.copy(ROOT / place / f"{name}.py", root / place)
    return root


def test_the_names_are_those_of_the_workbook():
    notebooks = {path.stem for path in ROOT.glob("*.ipynb")}
    assert set(files.NOTEBOOKS) == notebooks
    exercises = {path.stem for path in (ROOT / "utils" / "exercises").glob("*.py")}
    assert set(files.EXERCISES) == exercises - {"__init__"}


def test_given_files(handout):
    assert files.given() == "2 as they were handed out"
    (handout / "utils" / "layers.py").write_bytes(b"x = 1\r\n")  # as Windows has it
    assert files.given() == "2 as they were handed out"
    (handout / "utils" / "layers.py").write_text("x = 3\n")
    found = fault(files.given)
    assert found.what == "utils/layers.py was changed"
    assert found.remedy.startswith("take it anew from the archive")
    (handout / "utils" / "shapes.py").unlink()
    found = fault(files.given)
    assert found.what == "utils/layers.py was changed, utils/shapes.py is missing"
    assert found.remedy.startswith("take them anew")


def test_many_given_files(handout):
    names = dict.fromkeys([f"{k}.py" for k in range(5)], "")
    (handout / files.MANIFEST).write_text(json.dumps({"given": names}))
    assert fault(files.given).what.endswith("2.py is missing and 2 more")


@pytest.mark.parametrize("text", ["{", "[]", "{}", "3", '{"given": 3}'])
def test_a_damaged_list_of_given_files(text, handout):
    (handout / files.MANIFEST).write_text(text)
    assert fault(files.given).what == "handout.json is damaged"


def test_a_copy_without_a_list(handout):
    (handout / files.MANIFEST).unlink()
    assert files.given() == "not compared, because there is no handout.json"


def test_notebooks(handout):
    assert files.notebooks() == "4 that can be opened"
    (handout / "CNN-Layers.ipynb").unlink()
    found = fault(files.notebooks)
    assert found.what == "CNN-Layers.ipynb is missing"
    assert found.remedy.startswith("take CNN-Layers.ipynb anew")


@pytest.mark.parametrize("content", [None, b"", b"\xff", b"[]", b"{}", b'{"cells": 3}'])
def test_a_damaged_notebook(content, handout):
    path = handout / "CNN.ipynb"
    path.write_bytes(path.read_bytes()[:3000] if content is None else content)
    size = path.stat().st_size
    expected = f"CNN.ipynb ({size:,} bytes) is damaged: it is no whole notebook"
    assert fault(files.notebooks).what == expected


def test_a_notebook_that_jupyterlab_has_kept(handout):
    (handout / "CNN.ipynb").write_bytes(b"")
    kept = Path(".ipynb_checkpoints", "CNN-checkpoint.ipynb")
    (handout / kept).parent.mkdir()
    (handout / kept).touch()
    assert fault(files.notebooks).remedy.startswith(f"copy {kept} to CNN.ipynb;")


def test_exercises(handout):
    assert files.exercises() == "4 files of Python"
    path = handout / "utils" / "exercises" / "cnn.py"
    path.write_text("x = 1\ndef loss(:\n")
    found = fault(files.exercises)
    assert found.what == "utils/exercises/cnn.py, line 2: invalid syntax"
    assert found.remedy == "mend that line, and save the file"
    path.write_text("x = 1\n\nreturn x\n")
    assert ", line 3: 'return' outside function" in fault(files.exercises).what
    path.write_text(r"x = '\d'")  # a warning, not an error
    assert files.exercises() == "4 files of Python"


def test_exercises_that_are_lost(handout):
    path = handout / "utils" / "exercises" / "cnn.py"
    path.write_text("\n")
    assert fault(files.exercises).what == "utils/exercises/cnn.py is empty"
    path.write_bytes(b"x = 1\0\n")
    assert "null bytes" in fault(files.exercises).what
    path.unlink()
    assert fault(files.exercises).what == "utils/exercises/cnn.py is missing"
