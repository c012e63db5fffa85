import time

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.pdf.torture import question, stream
from utils.pdf.report import Note
from utils.pdf.review import (
    has_outputs,
    is_skipped,
    places,
    question_of,
    review,
    unanswered,
)

RUN_ALL = "was run before the cells above it: restart the kernel, run all and save"


def notebook(*counts, answer=None):
    cells = [new_code_cell("x", execution_count=count) for count in counts]
    if answer is not None:
        cells.append(new_markdown_cell(answer, metadata={"answer": "why"}))
    return new_notebook(cells=cells)


@pytest.mark.parametrize(
    ("counts", "notes"),
    [
        ((1, 2, 5), []),
        ((), []),
        (
            (None, None),
            [("N", "no cell of this notebook was run: its results are missing")],
        ),
        ((1, None, 2), [("N, cell 2", "was never run")]),
        (
            (1, None, None),
            [("N, cell 2", "was never run"), ("N, cell 3", "was never run")],
        ),
        (
            (1, None, None, None, None, None),
            [("N", "5 cells were never run")],
        ),
        ((2, 1), [("N, cell 2", RUN_ALL)]),
        ((3, None, 3, 1), [("N, cell 2", "was never run"), ("N, cell 3", RUN_ALL)]),
    ],
)
def test_runs(counts, notes):
    assert review(notebook(*counts), "N") == [Note(*note) for note in notes]


@pytest.mark.parametrize(
    ("headings", "under"),
    [
        ("AABB", '"A", "B"'),
        ("ABCD", '"A", "B", "C" and 1 more heading'),
        ("ABCDE", '"A", "B", "C" and 2 more headings'),
    ],
)
def test_many_cells_are_named_by_their_headings(headings, under):
    cells = [new_code_cell("x", execution_count=1)]
    for heading in headings:
        cells += [new_markdown_cell(f"## {heading}"), new_code_cell("x")]
    says = f"{len(headings)} cells (under {under}) were never run"
    assert review(new_notebook(cells=cells), "N") == [Note("N", says)]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "  ",
        "*Your answer here.*",
        "<!-- BEGIN SOLUTION -->\n\n<!-- END SOLUTION -->",
        "Because ...\n\nTODO",
        "a\n...\nb",
    ],
)
def test_empty_answers(answer):
    note = Note("N, cell 1", "the answer to why is not written")
    assert unanswered(notebook(answer=answer), "N") == [note]
    assert review(notebook(answer=answer), "N") == [note]


@pytest.mark.parametrize("answer", ["Because.", "It grows, as in 1, 2, ... and so on."])
def test_written_answer(answer):
    assert review(notebook(answer=answer), "N") == []


def test_cells_that_do_not_count():
    cells = [
        new_code_cell("  "),
        new_code_cell("x", metadata={"tags": ["no_pdf"]}),
        new_markdown_cell("text"),
    ]
    assert is_skipped(cells[1]) and not is_skipped(cells[2])
    assert review(new_notebook(cells=cells), "N") == []


def test_places_name_the_heading_above():
    cells = [
        new_code_cell("# no heading"),
        new_markdown_cell("# Title\n\ntext\n\n## *First* [`part`](https://x.org)"),
        new_code_cell("x"),
        new_markdown_cell("```\n# in code\n```"),
        question("a", "A", 1, "## " + "long " * 20),
    ]
    assert places(new_notebook(cells=cells), "N") == [
        "N, cell 1",
        'N, cell 2 (under "Title")',
        'N, cell 3 (under "First part")',
        'N, cell 4 (under "First part")',
        f'N, cell 5 (under "{"long " * 9}long…")',
    ]


def test_questions_are_text_or_none():
    assert question_of(question("a", "A", 1, "x")) == {
        "id": "a",
        "title": "A",
        "points": "1",
    }
    for damaged in (None, "a", ["a"], 5):
        assert question_of(new_markdown_cell(metadata={"question": damaged})) == {}
    odd = new_markdown_cell(metadata={"question": {"id": ["a"], "points": None}})
    assert question_of(odd) == {"id": "['a']"}


def test_has_outputs():
    run = new_notebook(cells=[new_code_cell("x", outputs=[stream("a")])])
    assert has_outputs(run)
    assert not has_outputs(notebook(1, 2))


@pytest.mark.parametrize("heading", ["# " + "# " * 50_000 + "x", "# " + "[" * 100_000])
def test_a_heading_without_end_takes_no_time(heading):
    begin = time.process_time()
    (place,) = places(new_notebook(cells=[new_markdown_cell(heading)]), "N")
    assert len(place) < 100
    assert time.process_time() - begin < 5


def test_a_heading_of_marks_only():
    cells = [new_markdown_cell("# a ##"), new_markdown_cell("## #")]
    assert [p[-9:] for p in places(new_notebook(cells=cells), "N")] == ['nder "a")'] * 2
