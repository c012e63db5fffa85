import io

import pytest
import typst
from pypdf import PdfReader

from tests.pdf.torture import png
from utils.pdf.engine import Engine, missing_glyphs

DOCUMENT = """#import "template.typ": *
#show: workbook.with(title: "T", name: "N")
#cover(questions: ((title: "Q", points: "3", notebook: "B", label: <q>, code: none),))
#part("B")
#heading(level: 2)[Q] <q>
#fit("here", rect(width: 1000cm))
"""


def test_formula_error(engine):
    assert engine.formula_error("x + 1") is None
    assert "unknown variable" in engine.formula_error("nosuchname")


def test_image_error(engine):
    (engine.folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    assert engine.image_error("broken.png")
    assert "not found" in engine.image_error("missing.png")


def test_part_error_knows_the_template(engine):
    assert engine.part_error('#row("x")') is None
    assert "unknown variable" in engine.part_error("#nosuchfunction()")


def test_compile_reports_pages_and_shrinking(tmp_path):
    printed = Engine(tmp_path).compile(DOCUMENT)
    assert printed.pdf.startswith(b"%PDF")
    assert printed.warnings == []
    assert (printed.pages, printed.question_pages) == (2, [2])
    (shrunk,) = printed.shrunk
    assert shrunk["place"] == "here"
    assert 0 < shrunk["ratio"] < 0.03


def test_same_source_same_bytes(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (Engine(tmp_path / n).compile(DOCUMENT).pdf for n in "ab")
    assert first == second


@pytest.mark.parametrize(
    ("name", "uid", "ending"),
    [("Ada " * 60, "42", "… (42)"), ("A" * 400, "", "…"), ("Ada", "42", "Ada (42)")],
)
def test_a_long_name_leaves_the_footer_in_one_line(tmp_path, name, uid, ending):
    look = f'uid: "{uid}", name: "{name.strip()}"'
    document = DOCUMENT.replace('name: "N"', look)
    pdf = Engine(tmp_path).compile(document).pdf
    last, heights = PdfReader(io.BytesIO(pdf)).pages[-1], []

    def visit(text, page, line, *rest):
        if text.strip():
            heights.append((round(page[5] + page[3] * line[5]), text))

    lines = last.extract_text(visitor_text=visit).splitlines()
    assert "page 2 of 2" in " ".join(lines[-3:])
    low = min(height for height, _ in heights)
    assert low > 20 and all(h in (low, low + 1) or h > 60 for h, _ in heights)
    assert ending in "".join(lines)


def test_compile_error_is_typsts(tmp_path):
    with pytest.raises(typst.TypstError, match="unknown variable"):
        Engine(tmp_path).compile("#nosuchfunction()")


def test_missing_glyphs():
    assert missing_glyphs("aé∂✓中🚀\ufe0f\u200d ") == ["中", "🚀"]
    assert missing_glyphs("abc") == []


def test_letters_of_formulas_have_glyphs(tmp_path):
    assert missing_glyphs("𝜎𝔸𝐱") == []
    letters = '\n#text(font: mono, "𝜎𝐱") #text(font: serif, "𝜎𝐱")'
    pdf = Engine(tmp_path).compile(DOCUMENT + letters).pdf
    fonts = PdfReader(io.BytesIO(pdf)).pages[-1]["/Resources"]["/Font"].values()
    assert any("NewCMMath" in font.get_object()["/BaseFont"] for font in fonts)


def test_tags_and_descriptions_are_there_if_asked_for(tmp_path):
    (tmp_path / "a.png").write_bytes(png(4, 4))
    document = DOCUMENT + '#image("a.png", alt: "a grey square")'
    plain = Engine(tmp_path).compile(document).pdf
    tagged = Engine(tmp_path).compile(document, tagged=True).pdf
    roots = [PdfReader(io.BytesIO(pdf)).root_object for pdf in (plain, tagged)]
    assert ["/StructTreeRoot" in root for root in roots] == [False, True]
    assert "a grey square" in str(described(roots[1]["/StructTreeRoot"]))


def described(node):
    """Return the descriptions in a tree of tags."""
    node = node.get_object()
    if not isinstance(node, dict):
        return []
    found = [node["/Alt"]] if "/Alt" in node else []
    children = node.get("/K", [])
    for child in children if isinstance(children, list) else [children]:
        found += described(child) if not isinstance(child, int) else []
    return found
