"""What a student or a copied notebook may hold, and must not be able to do.

The PDF builds, prints it as it is written, and holds nothing from outside.
"""

import base64
import io
import time

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook, new_output, new_raw_cell
from pypdf import PdfReader

from tests.pdf.torture import code, display, encoded, png, stream
from utils.pdf import images
from utils.pdf.contents import Contents
from utils.pdf.document import Options, build

SECRET = "the-grader's-password"
TEXTS = [
    '#read("secret.txt")',
    '#import "secret.typ": *',
    '#include "secret.typ"',
    '#image("secret.png")',
    '#eval("1 + 1")',
    '"); #read("secret.txt") #("',
    '] #read("secret.txt") [',
    "\\input{secret.txt}",
    "\\immediate\\write18{cat secret.txt}",
    "${open('secret.txt').read()} {{ 7 * 7 }} %(x)s",
    "a $ b, unbalanced, and $$ once more",
    "</script><script>fetch('file:///secret.txt')</script>",
    "`#read(`",
    "#" * 300,
    "[" * 500,
    "> " * 12 + "deep",
]


@pytest.fixture
def export(tmp_path):
    """Print cells that lie beside a secret; return the PDF's text and the report."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    for place in (tmp_path, folder):
        (place / "secret.txt").write_text(SECRET)
        (place / "secret.typ").write_text(f'#let x = "{SECRET}"\n{SECRET}')
        (place / "secret.svg").write_text(f"<svg><text>{SECRET}</text></svg>")
    (tmp_path / "secret.png").write_bytes(png(31, 37))

    def export(*cells):
        notebook = new_notebook(cells=list(cells))
        contents = Contents([(tmp_path / "book" / "N.ipynb", notebook)])
        report = build(contents, Options(), folder)
        text = "".join(
            page.extract_text() for page in PdfReader(io.BytesIO(report.data)).pages
        )
        assert SECRET not in text
        assert SECRET.encode() not in report.data
        return text, report

    return export


def pages(report):
    return PdfReader(io.BytesIO(report.data)).pages


def squeezed(text):
    return "".join(text.replace("\u200b", "").replace("↪", "").split())


@pytest.mark.parametrize("source", TEXTS)
def test_text_is_printed_as_it_is_written(export, source):
    error = new_output("error", ename=source, evalue=source, traceback=[source])
    text, report = export(
        new_raw_cell(source),
        code(source, stream(source), error, display(text=source)),
    )
    assert squeezed(text).count(squeezed(source)) >= 4
    assert not any("Typst" in note.message for note in report.notes)


@pytest.mark.parametrize("source", TEXTS)
def test_markdown_and_html_build_and_read_nothing(export, source):
    cells = [
        new_markdown_cell(f"# {source}\n\n{source}\n\n- {source}\n\n| {source} | b |"),
        new_markdown_cell(f"<div title='{source}'>{source}</div> [x]({source})"),
        new_markdown_cell(f"${source}$ and\n\n$${source}$$"),
        code("x", display(html=f"<b>{source}</b>", text="t"), count=1),
        code("x", display(markdown=source, latex=f"${source}$"), count=2),
    ]
    _, report = export(*cells)
    assert not any("Typst failed" in note.message for note in report.notes)


def svg(body, head=""):
    return (
        f'{head}<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink">{body}</svg>'
    )


def laughs():
    """An SVG of one kilobyte that would be a gigabyte of text."""
    names = "abcdefghij"
    entities = "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">'
        for a, b in zip(names, names[1:], strict=False)
    )
    head = f'<!DOCTYPE svg [<!ENTITY a "ha">{entities}]>'
    return svg("<text>&j;</text>", head)


@pytest.mark.parametrize(
    "drawing",
    [
        svg("<text>&x;</text>", '<!DOCTYPE svg [<!ENTITY x SYSTEM "secret.txt">]>'),
        svg(
            "<text>&x;</text>",
            '<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{}/secret.txt">]>',
        ),
        svg('<image href="secret.png" width="31" height="37"/>'),
        svg('<image xlink:href="file://{}/secret.png" width="31" height="37"/>'),
        svg('<image href="../secret.png" width="31" height="37"/>'),
        svg('<use href="secret.svg#x"/><script>alert(1)</script>'),
        svg(
            "<style>@import url(secret.css); text {{ fill: url(secret.svg#x) }}</style>"
        ),
        laughs(),
        svg("<g>" * 20_000),
    ],
)
def test_drawings_bring_nothing_with_them(export, tmp_path, drawing):
    drawing = drawing.replace("{}", str(tmp_path))
    begin = time.monotonic()
    url = "data:image/svg+xml;base64," + encoded(drawing.encode())
    _, report = export(
        code("x", display(svg=drawing)), new_markdown_cell(f"![a]({url})")
    )
    assert time.monotonic() - begin < 30
    pictures = [
        i for page in PdfReader(io.BytesIO(report.data)).pages for i in page.images
    ]
    assert (31, 37) not in [picture.image.size for picture in pictures]


@pytest.mark.parametrize(
    "url",
    [
        "file://{}/secret.png",
        "FILE:///{}/secret.png",
        "{}/secret.png",
        "../secret.png",
        "book/../../secret.png",
        "..%2Fsecret.png",
        "\\\\server\\share\\secret.png",
        "http://localhost/secret.png",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
    ],
)
def test_addresses_of_pictures_and_links_lead_nowhere(export, tmp_path, url):
    url = url.replace("{}", tmp_path.as_posix())
    source = f"![x](<{url}>) [link](<{url}>) <img src='{url}'> <a href='{url}'>b</a>"
    _, report = export(new_markdown_cell(source), code("x", display(html=source)))
    for page in pages(report):
        assert not list(page.images)
        for annotation in page.get("/Annots", ()):
            action = annotation.get_object().get("/A", {})
            assert str(action.get("/URI", "http:")).startswith("http:")
    assert len(report.notes) >= 1


def test_ten_thousand_lines_and_characters_that_are_none(export):
    lines = "".join(f"line {i} \x00\x07\x1b[31m\ufffe\n" for i in range(10_000))
    text, report = export(
        code("x\x00y", stream(lines), stream("\r" * 10_000 + "end")),
        new_markdown_cell("a\x00b \ud800 \u202e rtl \x0c"),
    )
    assert "line 0" in text and "line 9999" in text and "line 5000" not in text
    assert "9801 of them are not printed" in report.notes[0].message


def test_a_long_line_is_wrapped_in_a_moment(export):
    begin = time.monotonic()
    text, _ = export(code("x = 1", stream("z" * 300_000 + "END")))
    assert "END" in text
    assert time.monotonic() - begin < 30


@pytest.mark.parametrize("kind", ["png", "gif", "jpeg"])
def test_a_picture_of_a_billion_pixels_is_not_decoded(export, monkeypatch, kind):
    sizes = {
        "png": b"\x89PNG\r\n\x1a\n" + bytes(8) + b"\x00\x00\x7d\x00" * 2,
        "gif": b"GIF89a" + b"\xff\xff" * 2,
        "jpeg": b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\xff\xff\xff\xff",
    }
    data = base64.b64encode(sizes[kind]).decode()
    output = new_output("display_data", {f"image/{kind}": data})
    monkeypatch.setattr("utils.pdf.engine.Engine.image_error", None)
    _, report = export(code("x", output))
    assert "has more than 100,000,000 pixels" in report.notes[0].message


def test_sizes_of_pictures_as_they_are(monkeypatch):
    assert images._pixels(png(30, 20)) == 600
    assert images._pixels(png(30, 20)[:20]) == 0
    assert images._pixels(b"\xff\xd8\xff") == 0
    assert images._pixels(b"<svg/>") == 0
