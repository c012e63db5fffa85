import pytest

from utils.pdf import texsymbols
from utils.pdf.texenvironments import MAX_CELLS
from utils.pdf.texmath import TexError, convert

MATRIX = "row-gap: #0.35em, column-gap: #0.8em"


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        (
            r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}",
            f'mat(delim: "[", align: #center, {MATRIX}, '
            'inline(1), inline(2) ; inline(3), "")',
        ),
        (
            r"\begin{array}{c|c} a & b \\ \hline c & d \end{array}",
            f"mat(delim: #none, align: #center, {MATRIX}, augment: #(hline: (1,), "
            "vline: (1,)), inline(a), inline(b) ; inline(c), inline(d))",
        ),
        (
            r"\begin{array}{lcr} a & b & c \end{array}",
            f"mat(delim: #none, align: #center, {MATRIX}, "
            "& inline(a), inline(b), inline(c) &)",
        ),
        (
            r"\begin{array}{|l|} \hline a \\ \hline \end{array}",
            "#box(baseline: 50% - 0.25em, { set par(leading: 0pt); table(columns: 1, "
            "align: (left,), stroke: none, inset: (x: 0.4em, y: 0.3em), "
            "table.hline(y: 0, stroke: 0.5pt), table.hline(y: 1, stroke: 0.5pt), "
            "table.vline(x: 0, stroke: 0.5pt), table.vline(x: 1, stroke: 0.5pt), "
            "$a$) })",
        ),
        (
            r"x^{\begin{pmatrix} a \end{pmatrix}}",
            f'attach(x, t: mat(delim: "(", align: #center, {MATRIX}, script(a)))',
        ),
        (
            r"\substack{a \\ b}",
            "mat(delim: #none, row-gap: #0.2em, script(a) ; script(b))",
        ),
        (r"\begin{align} a &= b & c &= d \end{align}",)
        + ("a & \\=b & #h(2em) c & \\=d",),
        (r"\begin{alignat}{2} a &= b & c &= d \end{alignat}", "a & \\=b & c & \\=d"),
        (r"\begin{align} a & + b \end{align}", 'a & ""+b'),
        (r"\begin{eqnarray} a & = & b \end{eqnarray}", "a & \\= b"),
        (r"\begin{multline} a \\ b \end{multline}", " & #h(0em) a \\  & #h(2em) b"),
    ],
)
def test_conversion(latex, typst):
    assert convert(latex).markup == typst


def test_environments_compile(engine):
    names = [*texsymbols.MATRICES, *texsymbols.CASES, *texsymbols.ALIGNED]
    for name in names:
        spec = {"array": "{c|c}", "subarray": "{c}"}.get(name, "")
        spec = "{2}" if name.startswith("alignat") or name == "alignedat" else spec
        cell = "a" if name.startswith(("gather", "multline")) else "a & b"
        source = f"\\begin{{{name}}}{spec} {cell} \\\\[2pt] c \\end{{{name}}}"
        assert engine.formula_error(convert(source).markup) is None, name


def test_cases_open_a_brace_and_close_none():
    markup = convert(r"\begin{cases} x, & x > 0 \\ 0 \end{cases}").markup
    assert markup.startswith("lr(\\{mat(")
    assert markup.count("\\{") == 1
    assert "\\}" not in markup


def test_rows_may_begin_with_a_bracket():
    markup = convert(r"\begin{matrix} a \\ [b] \end{matrix}").markup
    assert "\\[b\\]" in markup


def test_repeated_columns_are_written_out():
    spec = r"\begin{array}{*{2}{c|}r} a & b & c \end{array}"
    assert convert(spec) == convert(r"\begin{array}{c|c|r} a & b & c \end{array}")


def test_each_row_keeps_its_tag():
    markup, tag = convert(r"\begin{align} a \tag{1} \\ b \\ c \tag{3} \end{align}")
    assert tag is None
    first, second, third = markup.split(" ; ")
    assert '"(1)"' in first
    assert second == 'display(b), ""'
    assert '"(3)"' in third


def test_cells_are_counted():
    row, end = "&" * (MAX_CELLS // 10 - 1), r"\end{matrix}"
    fits = r"\begin{matrix}" + r"\\ ".join([row] * 10) + end
    assert convert(fits).markup
    with pytest.raises(TexError, match=f"more than {MAX_CELLS} cells"):
        convert(fits.replace(end, r"\\ x" + end))


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{array}{c} a \hline \end{array}",
        r"\begin{array}{cc} a & \hline b \end{array}",
        r"\begin{cases} \hline a \end{cases}",
        r"\begin{aligned} a \\ \hline b \end{aligned}",
    ],
)
def test_a_line_is_drawn_or_refused(latex):
    with pytest.raises(TexError, match=r"misplaced \\hline"):
        convert(latex)


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{gather} a \tag{1} \\ b \tag{2} \end{gather}",
        r"{a \text{b} \atop a \text{b}}",
        r"\genfrac{}{}{0pt}{}{\text{a}}{\text{a}}",
        r"\substack{\text{a} \\ \text{a}}",
        r"\begin{matrix} \text{a} \\ \text{a} \end{matrix}",
        r"\begin{cases} \text{a} \\ \text{a} \end{cases}",
    ],
)
def test_text_at_the_end_of_a_row_does_not_swallow_the_next(latex, engine):
    markup = convert(latex).markup
    # "cases" stands inside lr(...), which is no matrix itself.
    matrix = markup[markup.index("mat(") :].removesuffix(")" * markup.count("lr("))
    error = engine.error(f"#assert.eq($ {matrix} $.body.rows.len(), 2)")
    assert error is None
