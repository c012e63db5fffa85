import pytest

from utils.pdf.texcommands import COMMANDS, TexError, escape, typst_colour
from utils.pdf.texmath import convert


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        (r"\dfrac{a}{b}", "display(frac(a, b))"),
        (r"\binom{n}{k}", "binom(n, k)"),
        (r"\sqrt[3]{x}", "root(3, x)"),
        (r"\overset{!}{=}", 'class("relation", attach(limits(\\=), t: \\!))'),
        (r"\underset{x}{y}", "attach(limits(y), b: x)"),
        (r"\text{if } x", 'upright("if")#h(0.28em) x'),
        (r"\text{a $y$}", 'upright("a")#h(0.28em)y'),
        (r"\operatorname*{arg\,max}", 'op(upright("arg\u2009max"), limits: #true)'),
        (r"\left| x \right|", 'lr(class("opening", |) x class("closing", |))'),
        (r"\left. x \right]", "lr(x\\])"),
        (r"\Bigl(", 'class("opening", lr(size: #1.8em, \\())'),
        (r"\not=", "≠"),
        (r"\not\in", "∉"),
        (r"\textcolor{#ff0000}{x}", 'text(fill: #rgb("#ff0000"), x)'),
        (
            r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}",
            'mat(delim: "[", align: #center, 1, 2; 3, "")',
        ),
        (
            r"\begin{array}{c|c} a & b \\ \hline c & d \end{array}",
            "mat(delim: #none, align: #center, "
            "augment: #(hline: (1,), vline: (1,)), a, b; c, d)",
        ),
        (
            r"\begin{array}{|r|l||} \hline a & b \\ \hline\hline c & d \\ \hline "
            r"\end{array}",
            "mat(delim: #none, align: #right, "
            "augment: #(hline: (0,1,2,), vline: (0,1,2,)), a, b; c, d)",
        ),
    ],
)
def test_conversion(latex, typst):
    assert convert(latex).markup == typst


def test_cases_open_a_brace_and_close_none(engine):
    markup = convert(r"\begin{cases} x, & x > 0 \\ 0 \end{cases}").markup
    assert markup.startswith("lr(\\{mat(")
    assert engine.formula_error(markup) is None


def test_lines_around_an_array_compile(engine):
    markup = convert(r"\begin{array}{|cc|c|} \hline a \\ \hline \end{array}").markup
    assert engine.formula_error(markup) is None


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


@pytest.mark.parametrize("count", ["²", "x", "10", "-1", "9" * 5000])
def test_bad_number_of_arguments(count):
    with pytest.raises(TexError, match=r"bad number of arguments for \\f"):
        convert(rf"\newcommand{{\f}}[{count}]{{x}}")


def test_bad_delimiter():
    with pytest.raises(TexError, match="bad delimiter"):
        convert(r"\left\foo x \right)")


def test_escape_keeps_typst_from_reading_syntax():
    assert escape("#") == "\\#"
    assert escape("x") == "x"


def test_unknown_colour():
    with pytest.raises(TexError, match="unknown colour beige"):
        typst_colour("beige")


def test_every_command_has_a_handler():
    assert all(callable(handler) for handler in COMMANDS.values())
    assert {"frac", "begin", "left", "\\"} <= COMMANDS.keys()
