import io
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook
from pypdf import PdfReader

from tests.pdf.torture import (
    INJECTION,
    SENTINELS,
    code,
    display,
    encoded,
    png,
    question,
    stream,
    torture_cells,
)
from utils.pdf import document
from utils.pdf.contents import Contents
from utils.pdf.document import Options, build
from utils.pdf.engine import Engine
from utils.pdf.files import ExportError
from utils.pdf.markdown import MarkdownWriter
from utils.pdf.report import Note

BANNER = "STAND-IN DATA"


def notebook(*cells):
    return new_notebook(cells=list(cells))


def small(*more):
    return notebook(
        new_markdown_cell("# One"),
        question("a", "First question", 10, "## Question A"),
        question("b", "Second question", 5, "## Question B"),
        *more,
    )


def export(folder, *notebooks, sources=(), notes=(), **options):
    folder.mkdir(exist_ok=True)
    named = [(folder / f"N{i}.ipynb", nb) for i, nb in enumerate(notebooks, 1)]
    contents = Contents(named, list(sources), list(notes))
    return build(contents, Options(**options), folder)


def pages(report):
    return PdfReader(io.BytesIO(report.data)).pages


def squeezed(text):
    """Text of a page without white space and marks of wrapping."""
    return re.sub(r"[\s\u200b↪]", "", text)


@pytest.fixture(scope="module")
def torture(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torture")
    source = folder / "long.py"
    source.write_text("x = 1\n" + "y = " + "1 + " * 60 + "ENDSOURCE\n", "utf-8")
    return export(folder, notebook(*torture_cells()), sources=[(source, "long.py")])


def test_torture_prints_every_sentinel(torture):
    text = squeezed("".join(page.extract_text() for page in pages(torture)))
    assert [s for s in [*SENTINELS, "ENDSOURCE"] if s not in text] == []


def positions(page):
    """Yield text, left and right end and height of every piece on a page."""
    found = []

    def visit(text, cm, tm, font, size):
        if not text.strip() or font is None:
            return
        left = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        height = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        # All glyphs of DejaVu Sans Mono are 0.602 em wide.
        mono = 0.602 if "Mono" in font["/BaseFont"] else 0
        width = mono * len(text.strip("\n")) * size * abs(tm[0] * cm[0])
        found.append((text, left, left + width, height))

    page.extract_text(visitor_text=visit)
    return found


def test_torture_stays_inside_the_pages(torture):
    count, outside = 0, []
    for number, page in enumerate(pages(torture), 1):
        width, height = float(page.mediabox.width), float(page.mediabox.height)
        for text, left, right, y in positions(page):
            count += 1
            if not (45 < left and right < width - 45 and 20 < y < height - 20):
                outside.append((number, text, left, right, y))
    assert count > 300
    assert outside == []


def test_torture_notes_name_the_cell(torture):
    notes = {
        (n.place.removeprefix("N1.ipynb, ").split(" (")[0], n.message[:30])
        for n in torture.notes
    }
    assert {
        ("cell 6", "output of 400 lines: 200 of th"),
        ("cell 7", "the cell stopped with ZeroDivi"),
        ("cell 10", "HTML that needs a browser is p"),
        ("cell 12", "formula printed as source (unk"),
        ("cell 12", "formula printed as source (\\le"),
        ("cell 12", "picture gone.png is missing"),
        ("cell 12", "picture https://example.org/x."),
        ("cell 14", "<Figure>: the picture cannot b"),
        ("cell 15", "shrunk to 28% of its size to f"),
        ("cell 16", "shrunk to 39% of its size to f"),
        ("cell 18", "the answer to why is not writt"),
        ("", "printed as boxes, because the "),
    } == notes


def test_torture_prints_injected_markup_literally(torture):
    text = squeezed("".join(page.extract_text() for page in pages(torture)))
    assert squeezed(INJECTION) in text
    assert not any("Typst" in note.message for note in torture.notes)


def test_progress_bar_is_one_line(torture):
    text = squeezed("".join(page.extract_text() for page in pages(torture)))
    assert "100%|#####|10/10" in text
    assert "50%|##" not in text


def test_bookmarks_and_table_agree_on_pages(tmp_path):
    report = export(tmp_path, small(), notebook(question("c", "Third", 1, "text")))
    reader = PdfReader(io.BytesIO(report.data))
    found = {}
    for item in reader.outline:
        for entry in item if isinstance(item, list) else [item]:
            page = reader.get_destination_page_number(entry) + 1
            found[entry.title] = page
    assert found == {"One": 2, "Question A": 2, "Question B": 3, "N2": 4, "Third": 4}
    assert [page for _, page in report.questions] == [2, 3, 4]
    cover = reader.pages[0].extract_text()
    assert re.search(r"Second question\s+5\s+N1\s+3", cover)


def test_first_page_and_footers(tmp_path):
    report = export(tmp_path, small(), name="Ada L.", uid="42", title="Work")
    first, second, third = (page.extract_text() for page in pages(report))
    assert "Ada L. · UID 42" in first
    for number, text in ((2, second), (3, third)):
        assert re.search(rf"Ada L\. \(42\)\s+N1\s+page {number} of 3", text)
    reader = PdfReader(io.BytesIO(report.data))
    assert (reader.metadata.title, reader.metadata.author) == ("Work", "Ada L.")


def test_links_of_the_question_table(tmp_path):
    page = pages(export(tmp_path, small()))[0]
    links = [a.get_object() for a in page["/Annots"]]
    assert len([a for a in links if a["/Subtype"] == "/Link"]) >= 4


@pytest.mark.parametrize(("paper", "width"), [("us-letter", 612), ("a4", 595.28)])
def test_paper(tmp_path, paper, width):
    (page, *_) = pages(export(tmp_path, small(), paper=paper))
    assert float(page.mediabox.width) == pytest.approx(width, abs=0.1)


def test_without_question_breaks(tmp_path):
    assert export(tmp_path, small(), question_breaks=False).pages == 2


def test_tall_formulas_stand_on_their_line(tmp_path):
    formulas = r"Words $\frac{1}{10} + \mathrm{q}$ and $\mathrm{z}$"
    height = {}

    def visit(text, page, line, *rest):
        height[text.strip()] = page[5] + page[3] * line[5]

    report = export(tmp_path, notebook(new_markdown_cell(formulas)))
    pages(report)[1].extract_text(visitor_text=visit)
    assert height["Words"] == height["z"] > 0
    assert height["q"] == pytest.approx(height["z"], abs=0.01)


@pytest.mark.parametrize(("lines", "is_moved"), [(30, True), (90, False)])
def test_no_last_lines_of_a_lesson_on_a_page_of_their_own(tmp_path, lines, is_moved):
    cells = [
        question("a", "First", 1, "## A"),
        code("print()", stream("line\n" * 40)),
        new_markdown_cell("\n\n".join(f"LESSON{i}" for i in range(lines))),
        question("b", "Second", 1, "## B"),
    ]
    texts = [page.extract_text() for page in pages(export(tmp_path, notebook(*cells)))]
    (first,) = [i for i, text in enumerate(texts, 1) if "LESSON0" in text]
    (last,) = [i for i, text in enumerate(texts, 1) if f"LESSON{lines - 1}" in text]
    assert (first == 3) == (first == last) == is_moved


def test_banner_only_if_a_cell_has_printed_it(tmp_path):
    spoken = small(code("load()", stream(f"loading\n{BANNER}\n")))
    report = export(tmp_path, spoken, banner=BANNER)
    assert report.banner == BANNER
    assert BANNER in pages(report)[0].extract_text()
    quiet = small(code(f"print('{BANNER}')", stream("x")))
    report = export(tmp_path, quiet, banner=BANNER)
    assert report.banner == ""
    assert BANNER not in pages(report)[0].extract_text()


def test_notes_stand_on_the_cover_above_long_contents(tmp_path):
    long = new_markdown_cell("\n\n".join(f"## Section {i}" for i in range(80)))
    spoken = small(long, code("load()", stream(BANNER)))
    note = Note("here", "some #note")
    report = export(tmp_path, spoken, notes=[note], name="Ada", banner=BANNER)
    first = pages(report)[0].extract_text()
    places = [first.index(s) for s in ("Ada\n", BANNER, "here: some #note", "Contents")]
    assert places == sorted(places)
    assert "Section 79" not in first


def test_clean_notebook_gives_no_note(tmp_path):
    plain = code("x", stream("a | b"), count=1)
    table = new_markdown_cell("| a | b |\n|---|---|\n| $x$ | ![i](data:,x) |")
    assert export(tmp_path, small(plain)).notes == []
    assert len(export(tmp_path, small(table)).notes) == 1


def test_source_files(tmp_path):
    source = tmp_path / "layer.py"
    source.write_text("def f():\n    return '# <b> $'\n", "utf-8")
    report = export(tmp_path, small(), sources=[(source, "utils/exercises/layer.py")])
    text = pages(report)[-1].extract_text()
    assert "utils/exercises/layer.py" in text
    assert "return '# <b> $'" in text


def test_a_cell_stays_on_the_page_where_its_figure_is(tmp_path):
    filler = new_markdown_cell("\n\n".join(f"line {i}" for i in range(25)))
    figure = display(png=encoded(png(400, 500)))
    drawn = code("plot_here()", stream("said before\n"), figure)
    report = export(tmp_path, notebook(filler, drawn))
    _, first, second = pages(report)
    assert "line 24" in first.extract_text()
    text = second.extract_text()
    assert "plot_here()" in text and "said before" in text
    assert len(second.images) == 1 and len(first.images) == 0


@pytest.mark.parametrize("space", [27, 28, 29, 30])
def test_a_line_about_code_stays_with_it(tmp_path, space):
    filler = "\n\n".join(f"line {i}" for i in range(space))
    code_below = "```\n" + "BELOW\n" * 12 + "```"
    cell = new_markdown_cell(f"{filler}\n\nABOVE\n\n{code_below}")
    texts = [page.extract_text() for page in pages(export(tmp_path, notebook(cell)))]
    (found,) = [text for text in texts if "ABOVE" in text]
    assert "BELOW" in found


def test_code_that_a_cell_shows_is_printed_once(tmp_path):
    source = tmp_path / "layer.py"
    source.write_text("import x\n\n\ndef f():\n    return 'here it is'\n", "utf-8")
    name = "utils/exercises/layer.py"
    shown = f"{name}, lines 4 to 5\n\ndef f():\n    return 'here it is'"
    cell = code("show_source(f)", display(text=shown, markdown="*it*"))
    contents = Contents([(tmp_path / "N1.ipynb", small(cell))], [(source, name)])
    contents.code = {"b": (name, "f"), "a": (name, "gone")}
    text = [p.extract_text() for p in pages(build(contents, Options(), tmp_path))]
    assert "".join(text).count("here it is") == 1
    assert f"{name}, lines 4 to 5: page 4" in text[2]
    assert "here it is" in text[3]
    assert re.search(r"First question 10 N1 2\s", text[0])
    assert re.search(r"Second question 5 N1 3 4\s", text[0])
    source.write_text("def f():\n    return 'newer'\n", "utf-8")
    text = [p.extract_text() for p in pages(build(contents, Options(), tmp_path))]
    assert "it" in text[2] and "page 4" not in text[2]


def test_same_input_same_bytes(tmp_path):
    first = export(tmp_path / "a", small(*torture_cells()), name="A")
    second = export(tmp_path / "b", small(*torture_cells()), name="A")
    assert first.data == second.data


def test_the_notebook_is_not_changed(tmp_path):
    nb = notebook(*torture_cells())
    before = repr(nb)
    export(tmp_path, nb)
    assert repr(nb) == before


def test_a_part_that_typst_refuses_is_printed_as_source(tmp_path, monkeypatch):
    def broken(self, source):
        return "#nosuchfunction()" if "fragile" in source else source

    monkeypatch.setattr("utils.pdf.markdown.MarkdownWriter.convert", broken)
    report = export(
        tmp_path, notebook(new_markdown_cell("fragile"), *small().cells[:1])
    )
    assert "fragile" in pages(report)[-1].extract_text()
    assert report.notes[0].place == "N1.ipynb, cell 1"
    assert "printed as plain source" in report.notes[0].message


def test_a_broken_question_keeps_its_heading_and_page(tmp_path, monkeypatch):
    convert = MarkdownWriter.convert

    def broken(self, source):
        return convert(self, source) + "#nosuchfunction()" * ("fragile" in source)

    monkeypatch.setattr(MarkdownWriter, "convert", broken)
    cell = question("c", "Third question", 1, "## C\n\nfragile")
    report = export(tmp_path, small(cell))
    assert [page for _, page in report.questions] == [2, 3, 4]
    text = pages(report)[3].extract_text()
    assert "Third question" in text and "fragile" in text
    assert report.notes[0].place == 'N1.ipynb, cell 4 (under "C")'


def test_questions_found_by_their_headings_survive_too(tmp_path, monkeypatch):
    convert = MarkdownWriter.convert
    monkeypatch.setattr(
        MarkdownWriter,
        "convert",
        lambda self, source: convert(self, source) + "#nosuchfunction()",
    )
    cell = new_markdown_cell("# T\n\n## Question 1\n\n## Question 2 (5 points)")
    report = export(tmp_path, notebook(cell))
    assert [page for _, page in report.questions] == [2, 3]
    assert "nosuchfunction" in report.notes[0].message


def test_a_question_that_cannot_be_converted(tmp_path, monkeypatch):
    convert = MarkdownWriter.convert

    def failing(self, source):
        if "fragile" in source:
            raise ValueError("no idea")
        return convert(self, source)

    monkeypatch.setattr(MarkdownWriter, "convert", failing)
    cell = question("c", "Third \ud800", 1, "## C\n\nfragile")
    report = export(tmp_path, small(cell, new_markdown_cell("after")))
    assert [page for _, page in report.questions] == [2, 3, 4]
    text = pages(report)[3].extract_text()
    assert "Third" in text and "fragile" in text and "after" in text
    assert report.notes == [
        Note(
            'N1.ipynb, cell 4 (under "C")',
            "printed as plain source, because of ValueError: no idea",
        )
    ]


def test_if_plain_source_does_not_help_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(MarkdownWriter, "convert", lambda self, source: "#nosuch()")
    monkeypatch.setattr(
        document, "as_plain_source", lambda c, part, _: part._replace(markup="#nor()")
    )
    with pytest.raises(ExportError, match="cannot make the PDF: unknown variable: nor"):
        export(tmp_path, small())


def test_if_nothing_helps_there_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(document, "_head", lambda options: "#nosuchfunction()")
    with pytest.raises(ExportError, match="cannot make the PDF: unknown variable"):
        export(tmp_path, small())


def test_engine_folder_is_all_that_is_written(tmp_path):
    export(tmp_path, small())
    assert {p.name for p in Path(tmp_path).iterdir()} <= {
        "fonts",
        "main.typ",
        "template.typ",
    }
    assert Engine(tmp_path).formula_error("x") is None
