import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.pdf.torture import stream
from utils.pdf.review import has_outputs, review


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
        ((None, None), ["no cell of this notebook was run: its results are missing"]),
        ((1, None, 2), ["cell 2 was never run"]),
        ((1, None, None), ["cells 2, 3 were never run"]),
        (
            (2, 1),
            [
                "the cells were not run from top to bottom: "
                "restart the kernel, run all and save"
            ],
        ),
    ],
)
def test_runs(counts, notes):
    assert review(notebook(*counts)) == notes


@pytest.mark.parametrize("answer", ["", "  ", "*Your answer here.*"])
def test_empty_answers(answer):
    assert review(notebook(answer=answer)) == ["the answer in cell 1 (why) is empty"]


def test_written_answer():
    assert review(notebook(answer="Because.")) == []


def test_cells_that_do_not_count():
    cells = [
        new_code_cell("  "),
        new_code_cell("x", metadata={"tags": ["no_pdf"]}),
        new_markdown_cell("text"),
    ]
    assert review(new_notebook(cells=cells)) == []


def test_has_outputs():
    run = new_notebook(cells=[new_code_cell("x", outputs=[stream("a")])])
    assert has_outputs(run)
    assert not has_outputs(notebook(1, 2))
