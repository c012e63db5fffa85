from pathlib import Path

import pytest

from utils.pdf.texmath import TexError, convert, tokens

FORMULAS = (
    Path(__file__).with_name("formulas.txt").read_text(encoding="utf-8").splitlines()
)


# Worked by hand from Typst's own syntax.
@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        ("x", "x"),
        ("x_i", "attach(x, b: i)"),
        ("x_{ij}^2", "attach(x, b: i j, t: 2)"),
        ("x'", "attach(x, t: ′)"),
        ("x'^2", "attach(x, t: ′ 2)"),
        ("-1.25", "−1.25"),
        ("f(x, y)", "f\\(x\\,y\\)"),
        ("a/b", "a\\/b"),
        (r"\alpha*", "α∗"),
        (r"\frac12", "frac(1, 2)"),
        (r"\hat x", "accent(x, \\u{302})"),
        (r"|x|", 'class("normal", |) x class("normal", |)'),
        (r"\bf x", "bold(upright(x))"),
        (r"a \over b", "frac(a, b)"),
        (r"\underbrace{a}_n", "underbrace(a, n)"),
        (r"\underbrace{a}_n^k", "attach(underbrace(a, n), t: k)"),
        (r"\sum\limits_i x", "attach(limits(∑), b: i) x"),
        ("中", '"中"'),
        ("a % comment\nb", "a b"),
        ("", ""),
    ],
)
def test_conversion(latex, typst):
    assert convert(latex).markup == typst


@pytest.mark.parametrize("latex", FORMULAS)
def test_every_formula_compiles(latex, engine):
    assert engine.formula_error(convert(latex).markup) is None


def test_the_list_of_formulas_is_long():
    assert len(FORMULAS) > 140


@pytest.mark.parametrize(
    ("latex", "message"),
    [
        (r"\notacommand{x}", r"unknown command \\notacommand"),
        (r"\frac{1}", "unexpected end"),
        (r"\left( x", r"\\left without \\right"),
        ("{x", "missing }"),
        ("x}", "unbalanced }"),
        ("x_1_2", "double subscript"),
        ("x^1^2", "double superscript"),
        ("a & b", "misplaced &"),
        ("a # b", "misplaced #"),
        (r"\begin{align} a &= b", "unexpected end"),
        (r"\begin{align} a \end{cases}", "closed by"),
        (r"\begin{tikzpicture} a \end{tikzpicture}", "unknown environment"),
        (r"\textcolor{nocolour}{x}", "unknown colour nocolour"),
        (r"\text{\LaTeX{} x}", r"command inside \\text"),
        (r"\newcommand{\a}{\a\a}\a", "nested too deeply"),
        (r"\def\a{#1}\a", "has no argument #1"),
    ],
)
def test_what_is_unknown_or_malformed_is_refused(latex, message):
    with pytest.raises(TexError, match=message):
        convert(latex)


def test_macros_last_and_belong_to_the_caller():
    macros = {}
    convert(r"\newcommand{\R}{\mathbb{R}}", macros)
    assert convert(r"x \in \R^n", macros).markup == "x∈attach(bb(R), t: n)"
    with pytest.raises(TexError):
        convert(r"\R")


def chain(names, form):
    """Define macros that each expand to more of the next; the last one is x."""
    pairs = zip(names, names[1:], strict=False)
    return "".join(rf"\def\{a}#1{{{form(b)}}}" for a, b in pairs) + (
        rf"\def\{names[-1]}#1{{x}}\{names[0]}{{y}}"
    )


@pytest.mark.parametrize(
    "latex",
    [
        # Much through many steps; the same through arguments; much in few steps.
        chain("abcdefghijklmnop", lambda name: rf"\{name}{{}}" * 2),
        r"\def\d#1{#1#1}" + r"\d{" * 15 + "x" + "}" * 15,
        chain("abcdefg", lambda name: rf"\{name}{{{'#1' * 9}}}"),
    ],
)
def test_macros_cannot_fill_the_memory(latex):
    with pytest.raises(TexError, match="macros expand to too much"):
        convert(latex)


def test_each_formula_may_expand_macros_anew():
    macros = {}
    convert(rf"\def\a{{{'x' * 15_000}}}", macros)
    assert convert(r"\a", macros) == convert(r"\a", macros)


def test_tag_is_returned_beside_the_formula():
    assert convert(r"a = b \tag{1}") == ("a\\=b", "(1)")
    assert convert(r"a \tag*{note}").tag == "note"


def test_only_a_whole_environment_uses_alignment_points():
    whole = convert(r"\begin{align} a &= b \\ c &= d \end{align}").markup
    inside = convert(r"x + \begin{aligned} a &= b \\ c &= d \end{aligned}").markup
    assert whole == "a & \\=b \\ c & \\=d"
    assert "mat(" in inside


def test_tokens_drop_comments_and_split_stars():
    assert [t.value for t in tokens("\\alpha* % no\n x")] == [
        "alpha",
        "*",
        " ",
        " ",
        "x",
    ]
