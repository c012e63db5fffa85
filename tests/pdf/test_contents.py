import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from tests.pdf.torture import code, question
from utils.pdf import contents, expected
from utils.pdf.contents import gather
from utils.pdf.report import Note

QUESTIONS = {
    "a": {"title": "Ask", "points": 3, "notebook": "CNN", "written": True},
    "b": {
        "title": "Build",
        "points": 4,
        "notebook": "CNN",
        "file": "cnn.py",
        "name": "Net",
        "written": False,
    },
}
ANSWER = new_markdown_cell("Because.", metadata={"answer": "a"})


@pytest.fixture
def look(tmp_path, monkeypatch):
    monkeypatch.setattr(expected, "expected", lambda chosen: QUESTIONS)

    def look(*cells, rows=(), executed=()):
        monkeypatch.setattr(expected, "checks", lambda questions, root: list(rows))
        pairs = [(tmp_path / "CNN.ipynb", new_notebook(cells=list(cells)))]
        return gather(pairs, [], [Note("", "first")], ["CNN"], executed, tmp_path)

    return look


def both():
    return question("a", "Ask", 3, "# A"), question("b", "Build", 4, "# B")


PASSED = expected.Check("Build", "passed", "3 of 3")


def test_complete(look):
    found = look(*both(), ANSWER, rows=[PASSED])
    assert found.lacking == []
    assert found.notes == [Note("", "first")]


@pytest.mark.parametrize(
    ("rows", "lacking"),
    [
        ([], "any check that was run here (python -m utils.checks)"),
        ([PASSED._replace(state="failed")], "1 passed check"),
    ],
)
def test_a_check_that_did_not_pass(look, rows, lacking):
    found = look(*both(), ANSWER, rows=rows)
    assert found.lacking == [lacking]
    assert found.checks == rows
    assert len(found.notes) == 1 + len(rows)


def test_a_question_that_was_deleted(look):
    found = look(both()[0], ANSWER, rows=[PASSED])
    assert found.lacking == ["1 question"]
    assert Note("CNN.ipynb", 'question "Build" not found') in found.notes


def test_an_answer_that_is_empty(look):
    blank = new_markdown_cell("", metadata={"answer": "a"})
    found = look(*both(), blank, rows=[PASSED])
    assert found.lacking == ["1 answer"]


def test_an_answer_that_was_deleted_or_hidden(look):
    hidden = ANSWER.copy()
    hidden.metadata = {"answer": "a", "tags": ["no_pdf"]}
    for cells in ([], [hidden]):
        found = look(*both(), *cells, rows=[PASSED])
        assert found.lacking == ["1 answer"]
        assert Note("CNN.ipynb", 'the answer to "Ask" not found') in found.notes


def test_a_question_that_is_hidden(look):
    asked, built = both()
    built.metadata["tags"] = ["remove_cell"]
    assert look(asked, built, ANSWER, rows=[PASSED]).lacking == ["1 question"]


def test_what_was_run_just_now_is_not_compared_with_the_log(
    look, tmp_path, monkeypatch
):
    seen = []
    monkeypatch.setattr(contents, "read_log", lambda root: ["entry"])
    monkeypatch.setattr(contents, "stale", lambda *given: seen.append(given[-1]) or [])
    look(code("x"))
    look(code("x"), executed=[tmp_path / "CNN.ipynb"])
    assert seen == [["entry"], []]
