import hashlib
import json

import nbformat
import pytest
from nbformat.v4 import new_notebook

from tests.pdf.torture import question
from utils.checks.runner import EXERCISE_BY_ID
from utils.pdf import cli
from utils.pdf.expected import Check, checks, expected, missing, notes_about

QUESTIONS = {
    "a": {"title": "Ask", "points": 3, "notebook": "CNN", "checked": False},
    "b": {
        "title": "Build",
        "points": 4,
        "notebook": "CNN",
        "file": "cnn.py",
        "checked": True,
    },
}

OPTIONAL = ("check-spatial-groupnorm", "check-self-test")  # no points


@pytest.mark.parametrize("name", cli.NOTEBOOKS)
def test_the_table_is_that_of_the_notebooks(name):
    notebook = nbformat.read(cli.ROOT / f"{name}.ipynb", 4)
    asked = [c.metadata["question"] for c in notebook.cells if "question" in c.metadata]
    table = expected([name])
    assert [
        {"id": key, "title": row["title"], "points": row["points"]}
        for key, row in table.items()
    ] == [dict(sorted(q.items())) | {"id": q["id"]} for q in asked]
    answers = {c.metadata["answer"] for c in notebook.cells if "answer" in c.metadata}
    assert {key for key, row in table.items() if row["written"]} == answers


def test_the_files_are_those_of_the_checks():
    table = expected(cli.NOTEBOOKS)
    judged = {n: (r["file"], r["name"]) for n, r in table.items() if "file" in r}
    assert judged == {
        name: (f"{exercise.module}.py", exercise.names[-1])
        for name, exercise in EXERCISE_BY_ID.items()
        if not exercise.optional
    }


@pytest.mark.parametrize("name", cli.NOTEBOOKS)
def test_every_check_of_a_question_is_on_the_cover(name):
    notebook = nbformat.read(cli.ROOT / f"{name}.ipynb", 4)
    asked, checked = "", set()
    for cell in notebook.cells:
        asked = cell.metadata.get("question", {}).get("id", asked)
        if cell.id.startswith("check-") and cell.id not in OPTIONAL:
            checked.add(asked)
    table = expected([name])
    assert {key for key, row in table.items() if row["checked"]} == checked


def test_missing_questions():
    (found,) = missing(QUESTIONS, [new_notebook(cells=[question("a", "Ask", 3, "#")])])
    assert found[:3] == ("Build", "4", "CNN")
    assert (found.label, found.id) == ("", "b")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "utils" / "exercises").mkdir(parents=True)
    (tmp_path / "utils" / "exercises" / "cnn.py").write_bytes(b"x")
    (tmp_path / "build" / "checks").mkdir(parents=True)
    return tmp_path


def record(root, passed=3, failed=0, todo=0, source=b"x", name="b"):
    sha = hashlib.sha256(source).hexdigest()
    text = json.dumps(
        {"passed": passed, "failed": failed, "todo": todo, "file_sha256": sha}
    )
    (root / "build" / "checks" / f"{name}.json").write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("written", "row", "note"),
    [
        ({}, Check("Build", "passed", "3 of 3 passed"), []),
        (
            {"failed": 1},
            Check("Build", "failed", "3 of 4 passed"),
            ["the check fails (3 of 4 passed)"],
        ),
        (
            {"passed": 0, "todo": 1},
            Check("Build", "unfinished", "0 of 1 passed"),
            ["the exercise is not finished (0 of 1 passed)"],
        ),
        (
            {"source": b"old"},
            Check("Build", "out of date", "3 of 3 passed"),
            ["the file was changed after its check: run it again"],
        ),
        ({"name": "other"}, Check("Build", "not run"), ["the check was not run"]),
    ],
)
def test_how_a_check_came_out(root, written, row, note):
    record(root, **written)
    assert checks(QUESTIONS, root) == [row]
    assert [n.message for n in notes_about([row])] == note


def test_without_any_record_nothing_is_said(root):
    assert checks(QUESTIONS, root) == []
    assert checks(QUESTIONS, root / "none") == []


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"passed": "x"}', '{"passed": 1e999}', "[" * 9999]
)
def test_a_damaged_record_is_none(root, text):
    (root / "build" / "checks" / "b.json").write_text(text)
    assert [row.state for row in checks(QUESTIONS, root)] == ["not run"]
