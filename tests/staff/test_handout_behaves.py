"""What students meet: the true handout, used as they would use it.

Most of it executes notebooks in the built handout, on the synthetic stand-in and with
the small numbers of `tests.test_notebooks`.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.copies import lend_packages
from tests.test_notebooks import EXERCISES, QUICK, make_quick, printed_by
from utils.staff import fingerprints, handout, leaks

ROOT = Path(__file__).resolve().parents[2]
# The longest run of words that a solution shares with what is given, by now 27: more
# would be an answer in a place where nobody looks for one.
SHARED = 30


@pytest.fixture(scope="module")
def files():
    return handout.build(ROOT, dirty=True)


@pytest.fixture
def folder(files, tmp_path):
    """Unpack the handout, and lend it our packages."""
    folder = tmp_path / "my homework"
    handout.put(files, folder)
    return folder


def environment(folder):
    variables = {"CIFAR10_SOURCE": "synthetic", "PYTHONPATH": str(folder)}
    variables |= {"JUPYTER_PREFER_ENV_PATH": "1"}  # this Python's own kernel
    return {k: v for k, v in os.environ.items() if k != "MPLBACKEND"} | variables


def execute(folder, name, source=None):
    """Run a notebook of the handout; ``source`` takes the place of the model cell's."""
    notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
    make_quick(notebook, QUICK[name])
    for cell in notebook.cells:
        if source and cell.id == "model-cnn-65-percent":
            cell.source = source
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(
        notebook, timeout=600, resources=resources, allow_errors=True
    )
    client.execute(env=environment(folder))
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def errors(cell):
    return [out for out in cell.outputs if out.output_type == "error"]


def run(folder, *command):
    return subprocess.run(
        command,
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_each_file_of_python_can_be_read(files):
    count = 0
    for path, file in files.items():
        if path.endswith(".py"):
            compile(file.data, path, "exec")
            count += 1
    assert count > 150


def test_notebooks_are_valid_and_empty(files):
    for name in QUICK:
        notebook = json.loads(files[f"{name}.ipynb"].data)
        nbformat.validate(notebook)
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        assert all(c["outputs"] == [] and c["execution_count"] is None for c in cells)


def test_only_marked_files_differ_from_ours(files):
    differ = {
        path
        for path, file in files.items()
        if path != handout.MANIFEST and file.data != (ROOT / path).read_bytes()
    }
    exercises = {path for path in files if path.startswith("utils/exercises/")}
    exercises -= {"utils/exercises/__init__.py"}
    notebooks = {f"{name}.ipynb" for name in QUICK}
    others = {
        "README.md",
        "test.sh",
        "pyproject.toml",
        "requirements.txt",
        ".gitignore",
    }
    assert differ == exercises | notebooks | others


def test_no_cell_without_a_mark_has_changed(files):
    for name in QUICK:
        ours = json.loads((ROOT / f"{name}.ipynb").read_bytes())["cells"]
        theirs = json.loads(files[f"{name}.ipynb"].data)["cells"]
        for our, their in zip(ours, theirs, strict=True):
            marked = any("SOLUTION" in line for line in our["source"])
            assert marked != (our == their), our["id"]


def test_each_region_has_something_to_look_for():
    known = leaks.fingerprints(handout.given_files(ROOT))
    assert len(known.canaries) > 20
    assert known.without() == []


def test_nothing_given_reads_like_a_solution(monkeypatch):
    monkeypatch.setattr(fingerprints, "RUN", SHARED)
    monkeypatch.setattr(fingerprints, "SHORT", SHARED)
    sources = handout.given_files(ROOT)
    everything = leaks.fingerprints(sources)
    alone = fingerprints.Fingerprints(list(everything.canaries.values()), [])
    assert len(everything) == len(alone)


def test_no_text_speaks_of_the_solved_copy(files):
    words = re.compile(
        r"solved workbook|\bSTAFF\b|SOLUTION|CONTRIBUTING|DESIGN\.md|utils/staff", re.I
    )
    for path, file in files.items():
        if path.endswith((".md", ".ipynb", ".sh", ".cmd")):
            assert not words.search(file.data.decode()), path


def test_readme_points_to_what_is_there(files):
    text = files["README.md"].data.decode()
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert "://" in target or target in files, target
    for name in re.findall(r"`((?:utils|cifar)[\w/-]*/[\w.]*)`", text):
        assert any(path == name or path.startswith(name) for path in files), name


@pytest.mark.slow
def test_checks_say_todo(folder):
    result = run(folder, sys.executable, "-m", "utils.checks", "--json")
    rows = json.loads(result.stdout)
    assert {row["id"] for row in rows} == set(sum(EXERCISES.values(), []))
    for row in rows:
        assert row["passed"] is None, row
        written = r" is not written yet \(utils/exercises/\w+\.py\)(: the check of|$)"
        assert re.search(written, row["message"]) or row["id"] == "cnn-65-percent"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", QUICK)
def test_a_notebook_without_answers_says_todo_and_nothing_worse(folder, name):
    cells = execute(folder, name)
    for cell in cells:
        assert "Warning" not in printed_by(cell, ["stderr"]), cell.id
        for error in errors(cell):
            assert error.ename == "NotImplementedError", (cell.id, error.evalue)
            assert error.evalue and "\n" not in error.evalue, cell.id
        if cell.id.startswith("check-"):
            assert not errors(cell), cell.id
            assert printed_by(cell).startswith("todo "), (cell.id, printed_by(cell))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_cnn_runs_when_only_its_own_parts_are_solved(folder):
    shutil.copy(ROOT / "utils" / "exercises" / "cnn.py", folder / "utils" / "exercises")
    ours = json.loads((ROOT / "CNN.ipynb").read_bytes())["cells"]
    (model,) = [c["source"] for c in ours if c["id"] == "model-cnn-65-percent"]
    for cell in execute(folder, "CNN", "".join(model)):
        assert not errors(cell), (cell.id, errors(cell))
        assert "Warning" not in printed_by(cell, ["stderr"]), cell.id
        if cell.id.startswith("check-"):
            report = printed_by(cell)
            if cell.id == "check-cnn-65-percent":  # the stand-in never passes
                assert "synthetic" in report
            else:
                assert " ok " in report and not re.search("FAIL|todo", report), report


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the commands are shell scripts")
def test_both_commands_work(folder):
    lend_packages(folder)
    result = run(folder, "./test.sh", "conv-forward", "cnn-init")
    assert "todo  conv_forward_naive is not written yet" in result.stdout
    assert (result.returncode, result.stderr) == (1, "")
    name = ["--name", "A B", "--only", "Receptive-Fields"]
    result = run(folder, "./export_pdf.sh", "--no-execute", *name)
    assert result.returncode == 0, result.stderr
    assert (folder / "build" / "submission.pdf").read_bytes().startswith(b"%PDF-")
