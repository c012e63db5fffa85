import re

import pytest

from tests.pdf.torture import INJECTION
from utils.pdf.markdown import MarkdownWriter, call_heading, parse, plain


def convert(context, source):
    markup = MarkdownWriter(context).convert(source)
    assert context.engine.part_error(markup) is None, markup
    return markup


@pytest.mark.parametrize(
    ("source", "typst"),
    [
        ("plain", '#"plain"'),
        ("*a* **b** ~~c~~", '#emph[#"a"]#" "#strong[#"b"]#" "#strike[#"c"]'),
        ("a\nb", '#"a" #"b"'),
        ("a  \nb", '#"a"#linebreak()#"b"'),
        ("`x_1 $y$`", '#inline-code("x_1 $y$")'),
        ("`a<b`", '#inline-code("a<b")'),
        ("[t](https://x.y)", '#link("https://x.y")[#"t"]'),
        ("[t](#anchor)", '#underline[#"t"]'),
        ("a &amp; b", '#"a & b"'),
        ("H<sub>2</sub>O", '#"H"#sub[#"2"]#"O"'),
        ("<b>open", '#strong[#"open"]'),
        ("a<br>b", '#"a"#linebreak()#"b"'),
        ("\\$5", '#"$"#"5"'),
        ("---", "#rule()"),
        ("1. a\n2. b", '#enum([#"a"], [#"b"])'),
        ("3. a", '#enum([#"a"], start: 3)'),
        ("- [x] done", '#list([☑ #"done"])'),
        ("", ""),
    ],
)
def test_conversion(context, source, typst):
    assert convert(context, source).strip() == typst


def test_markup_of_typst_is_text(context):
    markup = convert(context, "see " + INJECTION)
    assert '#"see #set page(fill:red) $ @ref ' in markup


def test_formulas_inside_text(context):
    markup = convert(
        context,
        "by $\\alpha_i$ and\n\n$$\na = b\n$$\n\n\\begin{align}\na &= b\n\\end{align}",
    )
    assert markup.count("math.equation") == 3
    assert markup.count("block: true") == 2
    assert context.notes == []


def test_table(context):
    markup = convert(context, "| a | b |\n|:--|--:|\n| `x` | $y$ |")
    assert "fit-table" in markup
    assert "align: (left, right, )" in markup
    assert "table.header([#strong[" in markup


def test_fenced_code_is_highlighted_and_wrapped_narrower_inside_lists(context):
    long = "x" * 95
    assert "↪" not in convert(context, f"```python\n{long}\n```")
    assert "↪" in convert(context, f"- a\n\n  ```\n  {long}\n  ```")


@pytest.mark.parametrize(
    "source",
    [
        "> quote\n> - a\n>   1. b",
        "term\n: definition",
        "text[^1] and[^1]\n\n[^1]: note",
        "<center>\n\n| a |\n|---|\n| b |\n\n</center>",
        "<details><summary>Hint</summary>\n\n**x**\n\n</details>",
        "![x](gone.png) <img src='gone.png' width=20>",
        "# a $x$ `b`\n\n###### c",
        "[" * 60 + "]" * 60,
        "*" * 50,
        "`" * 7,
        "|" * 30 + "\n|-|",
        "$",
        "$$",
        "\\begin{align}",
        "a\n===\n\n    indented code\n\n***",
    ],
)
def test_odd_markdown_compiles(context, source):
    convert(context, source)


def test_headings_are_the_writers_decision(context):
    seen = []

    def heading(level, markup, text):
        seen.append((level, text))
        return call_heading(level, markup, label="x")

    markup = MarkdownWriter(context, heading).convert("## A *b* $c$")
    assert seen == [(2, "A b c")]
    assert markup.endswith("level: 2) <x>")


def test_headings_of_outputs_stay_out_of_the_contents(context):
    assert "level: 4, outlined: false" in convert(context, "# x")


def test_unknown_elements_keep_their_text(context):
    token = {"type": "hologram", "raw": "text"}
    assert MarkdownWriter(context).inline([token]) == '#"text"'
    assert "hologram" in context.notes[0].message


def test_a_text_that_fails_leaves_no_depth_to_the_next(context):
    def heading(level, markup, text):
        raise ValueError("no heading")

    writer = MarkdownWriter(context, heading)
    with pytest.raises(ValueError, match="no heading"):
        writer.convert("- # x")
    assert "↪" not in writer.convert(f"```\n{'x' * 99}\n```")


def test_footnotes_of_one_text_do_not_reach_the_next():
    parse("a[^1]\n\n[^1]: note")
    assert all(token["type"] != "footnotes" for token in parse("b"))


def test_references_to_footnotes_have_their_numbers(context):
    markup = convert(context, "a[^x] b[^y] c[^x]\n\n[^x]: one\n[^y]: two")
    assert re.findall(r"#super\[(.*?)\]", markup) == ["1", "2", "1"]


def test_references_outside_of_formulas(context):
    markup = convert(context, "$$x \\tag{7}\\label{eq:x}$$\n\nSee \\eqref{eq:x} there.")
    assert '#"See "#math.equation($#math.upright("(7)")$' in markup
    assert '#" there."' in markup
    assert context.notes == []
    convert(context, "as \\ref{gone}")
    assert "no formula above with \\label{gone}" in context.notes[0].message


def test_bars_of_code_in_tables(context):
    markup = convert(context, "| a |\n|--|\n| `x \\| y` |\n\n`x \\| y`")
    assert '#inline-code("x | y")' in markup
    assert '#inline-code("x \\\\| y")' in markup


def test_plain():
    assert plain(parse("a *b* `c`\nd &lt; <b>")[0]["children"]) == "a b c d < "
