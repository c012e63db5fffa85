import random

import pytest

from tests.pdf.torture import INJECTION, frame_html
from utils.pdf.html import HtmlReader, element_opening, image_options, opening_of


def convert(context, source):
    markup = HtmlReader(context).convert(source)
    assert context.engine.part_error(markup) is None, markup
    return markup


@pytest.mark.parametrize(
    ("source", "typst"),
    [
        ("<b>x</b>", '#strong[#"x"]'),
        ("a <i>b</i>", '#"a "#emph[#"b"]'),
        ("x<br/>y", '#"x"#linebreak()#"y"'),
        ("<b>left <i>open", '#strong[#"left "#emph[#"open"]]'),
        ("</b>x", '#"x"'),
        ('<span style="color: red">x</span>', '#text(fill: red)[#"x"]'),
        ('<span style="background-color:red">x</span>', '#text[#"x"]'),
        ("a&lt;b &amp; c", '#"a<b & c"'),
        ("<style>p {}</style><script>x</script>y", '#"y"'),
        ("<ul><li>a<li>b</ul>", '\n#list([#"a"], [#"b"], )\n'),
        ("<ul><b>a</b></ul>", '\n#list([#strong[#"a"]], )\n'),
        ("<ul>a<li>b</ul>", '\n#list([#"a"], [#"b"], )\n'),
        ("<video>x</video>", '#"x"'),
        ('<a href="https://x.y">z</a>', '#link("https://x.y")[#"z"]'),
        ('<a href="javascript:x">z</a>', '#underline[#"z"]'),
    ],
)
def test_conversion(context, source, typst):
    assert convert(context, source) == typst


def test_text_is_never_markup(context):
    markup = convert(context, f"<p>{INJECTION}</p>")
    assert '#"#set page(fill:red) ' in markup


def test_formulas_in_text(context):
    assert "#math.equation($attach(a, b: 1)$" in convert(context, "<td>$a_1$ cell")


def test_data_frame(context):
    markup = convert(context, frame_html())
    assert markup.count("table.header") == 1
    assert 'table.header([#strong[#"column_0"]]' in markup
    assert '[#"ENDFRAME"]' in markup
    assert "scoped" not in markup


@pytest.mark.parametrize(
    "source",
    [
        "<table><tr><td>a<td>b<tr><td colspan=2>c</table>",
        "<table><td>a</table>",
        "<table><tr><td rowspan=99 colspan=x>a</td><td>b</td></tr><tr><td>c</td></tr>",
        "<table><caption>cap</caption><tr><td><table><tr><td>in</td></tr></table>",
        "<table></table><td>x</td><li>y</li>",
        "<div class='alert alert-info'><h3>t</h3></p></div></div>",
        "<details><summary>s</summary><pre>x\n  y</pre></details>",
        "<dl><dt>a<dd>b</dl><blockquote>c</blockquote><hr><center>d",
        '<div style="page-break-after: always"></div>',
        "<td",
        "<",
        "&",
        "<b",
        "",
        "<!-- c --><?x?>",
    ],
)
def test_odd_html_compiles(context, source):
    convert(context, source)


def test_any_jumble_of_tags_compiles(context):
    names = "ul ol li b p div table tr td th caption br hr pre span img h2 x".split()
    pieces = ["text", *(form.format(n) for n in names for form in ("<{}>", "</{}>"))]
    rng = random.Random(0)
    for _ in range(60):
        convert(context, "".join(rng.choices(pieces, k=12)))


@pytest.mark.parametrize("number", ["9" * 5000, "0", "-1", "²", "x", ""])
def test_spans_that_make_no_sense_count_as_one(context, number):
    markup = convert(context, f"<table><tr><td colspan='{number}'>a</table>")
    assert "columns: (auto, )" in markup


def test_highlighted_code_keeps_lines_and_colours(context):
    source = (
        '<div class="highlight"><pre><span></span><span class="k">def</span> f():\n'
        '    <span class="k">return</span> 1\n</pre></div>'
    )
    markup = convert(context, source)
    assert 'row(("def", "#008000", "b", "", ), " f():")' in markup
    assert '"    "' in markup


def test_drawing_is_noted(context):
    convert(context, "<svg><text>x</text></svg>")
    assert "svg" in context.notes[0].message


def test_helpers():
    assert opening_of("<b class='x'>") == ("b", {"class": "x"})
    assert opening_of("nothing") == ("", {})
    assert element_opening("marquee", {}) is None
    assert image_options({"width": "200"}) == {"width": "150pt", "inline": False}
    assert image_options({"width": "16px"}) == {"width": "12pt", "inline": True}
    assert image_options({"width": "150%"}) == {"width": "100%"}
    for width in ("auto", "0", "00", "9" * 400, "²"):
        assert image_options({"width": width}) == {}
