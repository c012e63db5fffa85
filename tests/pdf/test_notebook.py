from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.pdf.torture import code, question, stream
from utils.pdf.markdown import MarkdownWriter
from utils.pdf.notebook import NotebookWriter
from utils.pdf.report import Question
from utils.pdf.review import is_skipped

BREAK = "#pagebreak"


def text(source, **metadata):
    return new_markdown_cell(source, metadata=metadata)


@pytest.fixture
def write(context):
    def run(*cells, name="N", **options):
        writer = NotebookWriter(context, **options)
        parts = writer.parts(new_notebook(cells=list(cells)), Path(f"{name}.ipynb"))
        assert all(context.engine.part_error(part.markup) is None for part in parts)
        return writer, [part.markup for part in parts]

    return run


def levels(markup):
    pieces = "".join(markup).split("level: ")[1:]
    return [int(piece[0]) for piece in pieces]


def test_questions_come_from_metadata(write):
    writer, parts = write(
        text("# Title"),
        question("a", "First", 10, "## Heading A"),
        question("b", "Second", 5, "intro\n\n## Heading B"),
    )
    assert writer.questions == [
        Question("First", "10", "N", "question-1", "a"),
        Question("Second", "5", "N", "question-2", "b"),
    ]
    assert "<question-1>" in parts[2] and '"Heading A"' in parts[2]
    assert BREAK not in parts[2]
    assert parts[3].startswith(BREAK)
    assert "<question-2>" in parts[3]


def test_labels_go_on_through_several_notebooks(context):
    writer = NotebookWriter(context)
    for name in ("A", "B"):
        cells = [question("q", "Q", 1, "## Q")]
        markup = writer.parts(new_notebook(cells=cells), Path(f"{name}.ipynb"))
    assert [q.label for q in writer.questions] == ["question-1", "question-2"]
    assert BREAK not in markup[1].markup  # the first question of B


def test_without_breaks(write):
    _, parts = write(
        question("a", "A", 1, "# A"),
        question("b", "B", 1, "# B"),
        question_breaks=False,
    )
    assert not any(BREAK in part for part in parts)


def test_a_lesson_in_front_of_a_new_page_is_kept_whole(write):
    asked = [question(name, name, 1, f"# {name}") for name in "abc"]
    answer = text("Answer.", answer="b")
    _, parts = write(text("1"), asked[0], text("2"), asked[1], answer, asked[2])
    whole = [part.startswith("#whole(") for part in parts[1:]]
    assert whole == [False, False, True, False, False, False]


def test_a_written_answer_is_marked_whatever_it_holds(write):
    broken = '<div style="page-break-after: always"></div>'
    sources = ["- a\n- b", f"a\n\n{broken}\n\nb", "# Why\n\n| a |\n|---|\n| b |"]
    asked = question("a", "A", 1, "# A")
    _, parts = write(asked, *(text(s, answer="a") for s in sources), text("lesson"))
    assert [part.startswith("#answer(") for part in parts[1:]] == [0, 1, 1, 1, 0]


@pytest.mark.parametrize("blank", ["", "<!-- none -->"])
def test_an_answer_without_a_word_gets_no_mark(write, blank):
    _, parts = write(question("a", "A", 1, "# A"), text(blank, answer="a"))
    assert not any("#answer(" in part for part in parts)


def test_question_without_a_heading_gets_one(write):
    _, parts = write(question("a", 'T #"x"', 1, "just text"))
    assert parts[1].startswith('#heading([#"T #\\"x\\""], level: 2) <question-1>')


def test_levels_of_headings(write):
    _, parts = write(
        text("# Title"),
        text("## Section"),
        text("# Second title"),
        question("a", "A", 1, "### Question\n\n# inside\n\n#### deep"),
        text("# Answer", answer="a"),
        text("## Answer", answer="a"),
        text("# Pasted"),
        text("## Summary"),
    )
    assert levels(parts) == [1, 2, 2, 2, 3, 4, 3, 4, 3, 2]


def test_a_notebook_without_title_is_titled_by_its_name(write):
    _, parts = write(text("text"), name="CNN")
    assert '#part("CNN")' in parts[0]
    assert '#heading([#"CNN"], level: 1)' in parts[0]


def test_headings_mark_questions_only_without_metadata(write):
    source = "## Question 3 (20 points): why?"
    writer, _ = write(text("# T"), text(source), text("## Part two"))
    assert [(q.title, q.points) for q in writer.questions] == [
        ("Question 3 (20 points): why?", "20")
    ]
    writer, _ = write(question("a", "A", 1, "## A"), text(source))
    assert [q.title for q in writer.questions] == ["A"]


def test_code_cells(write):
    _, parts = write(
        code("%%bash\necho x", count=7), new_code_cell("x"), code("", stream("out"))
    )
    assert '#code-cell("7", ' in parts[1]
    assert '#code-cell(" ", ' in parts[2]
    assert "code-cell" not in parts[3] and "out" in parts[3]


def test_tagged_cells_stay_out_and_numbers_stay_right(write, context):
    _, parts = write(
        text("secret", tags=["no_pdf"]), text("$\\nonsense$"), text("x", tags=["other"])
    )
    assert "secret" not in "".join(parts)
    assert context.notes[0].place == "N.ipynb, cell 2"
    assert is_skipped(text("x", tags=["remove_cell"]))


def test_a_cell_that_cannot_be_converted_is_printed_as_source(
    write, context, monkeypatch
):
    def refuse(self, token):
        raise AttributeError("no idea")

    monkeypatch.setattr(MarkdownWriter, "_inline_emphasis", refuse)
    writer, parts = write(text("# T"), text("some *words*"), text("after"))
    assert 'row("some *words*")' in parts[2]
    assert '"after"' in parts[3]
    (note,) = context.notes
    assert note.place == 'N.ipynb, cell 2 (under "T")'
    assert note.message.startswith("printed as plain source, because of AttributeErr")
    assert writer.questions == []


def test_macros_and_attachments_belong_to_one_notebook(write, context):
    write(text("$\\newcommand{\\R}{R}$"))
    write(text("$\\R$"), name="M")
    assert "unknown command" in context.notes[0].message
