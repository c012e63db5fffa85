import pytest

from utils.pdf.texcommands import COMMANDS, TexError, typst_colour
from utils.pdf.texmath import convert


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        (r"\dfrac{a}{b}", "display(frac(a, b))"),
        (r"\cfrac[l]{a}{b}", "display(frac(a, b))"),
        (r"\nicefrac12", 'frac(1, 2, style: "skewed")'),
        (r"\binom{n}{k}", "binom(n, k)"),
        (r"\genfrac{}{}{}{1}{a}{b}", "inline(frac(a, b))"),
        (
            r"\genfrac{[}{.}{0pt}{}{a}{b}",
            'lr(class("opening", \\[)mat(delim: #none, row-gap: #0.25em, a ; b))',
        ),
        (r"\sqrt[3]{x}", "root(3, x)"),
        (r"\root 3 \of x", "root(3, x)"),
        (r"\overset{!}{=}", "attach(limits(\\=), t: \\!)"),
        (r"\stackrel{!}{=}", 'class("relation", attach(limits(\\=), t: \\!))'),
        (r"\underset{x}{y}", "attach(limits(y), b: x)"),
        (
            r"\xrightarrow[a]{b}",
            "attach(limits(stretch(→, size: #(100% + 1em))), t: b, b: a)",
        ),
        (r"\operatorname*{arg\,max}", 'op("arg\u2009max", limits: #true)'),
        (r"\operatorname{a b}", 'op("ab", limits: #false)'),
        (r"\operatorname{\mathbf{E}}", "op(upright(bold(upright(E))), limits: #false)"),
        (r"\not=", "≠"),
        (r"\not\in", "∉"),
        (r"\not\mid", "∤"),
        (r"\not\perp", "cancel(⟂)"),
        (r"\sideset{_a}{^b}\sum_c", "attach(limits(∑), bl: a, tr: b, b: c)"),
        (r"\prescript{a}{b}{X}", "attach(X, tl: a, bl: b)"),
        (r"\hspace{18mu}\kern-1em", "#h(1em)#h(-1em)"),
        (r"a\!b", "a#h(-0.1667em)b"),
        (r"a\!\left(b\right)", 'a lr(class("opening", \\()b class("closing", \\)))'),
        (r"a, \dots, b", "a\\,…\\,b"),
        (r"a + \dots + b", "a+⋯+b"),
        (r"\textcolor{#ff0000}{x}", 'text(fill: #rgb("#ff0000"), x)'),
        (r"\colorbox{red}{$x$}", "#box(fill: red, inset: 3pt, $x$)"),
    ],
)
def test_conversion(latex, typst):
    assert convert(latex).markup == typst


@pytest.mark.parametrize(
    ("latex", "same"),
    [
        (r"\newcommand{\f}[2][z]{#1#2} \f{x}\f[y]{x}", "zxyx"),
        (r"\newcommand\f[1]{\mathbf#1} \f x", r"\mathbf{x}"),
        (r"\newcommand{\f}{\#1} \f", r"\#1"),
        (r"\def\f#1#2{#2#1} \f{a}{b}", "ba"),
        (r"\let\oldvec=\vec \renewcommand{\vec}[1]{\oldvec{#1}} \vec x", r"\vec x"),
        (r"\let\l< a\l b", "a<b"),
        (r"\providecommand{\f}{a}\providecommand{\f}{b}\f", "a"),
        (r"\DeclareMathOperator{\tr}{tr} \tr A", r"\operatorname{tr} A"),
        (r"\DeclarePairedDelimiter{\c}{\lceil}{\rceil} \c{x}", r"\lceil{x}\rceil"),
        (r"\newcommand{\s}{^2} x\s", "x^2"),
        (r"\newcommand{\r}{a & b \\} \begin{matrix}\r\end{matrix}",)
        + (r"\begin{matrix}a & b \\\end{matrix}",),
    ],
)
def test_macros_mean_what_they_are_short_for(latex, same):
    assert convert(latex).markup == convert(same).markup


@pytest.mark.parametrize("count", ["²", "x", "10", "-1", "9" * 5000])
def test_bad_number_of_arguments(count):
    with pytest.raises(TexError, match=r"bad number of arguments for \\f"):
        convert(rf"\newcommand{{\f}}[{count}]{{x}}")


@pytest.mark.parametrize(
    ("model", "name", "typst"),
    [
        (None, "red", "red"),
        ("named", "ForestGreen", 'rgb("#009b55")'),
        ("RGB", "255, 0, 51", 'rgb("#ff0033")'),
        ("rgb", "1,.5,0", 'rgb("#ff8000")'),
        ("gray", "0.2", 'rgb("#333333")'),
        ("HTML", "00AA88", 'rgb("#00aa88")'),
    ],
)
def test_colours(model, name, typst):
    assert typst_colour(model, name) == typst


@pytest.mark.parametrize(
    ("model", "name"),
    [(None, "beige"), ("cmyk", "0,0,0,1"), ("rgb", "1,2"), ("RGB", "1,2,999")]
    + [("HTML", '00")'), ("rgb", "1..2,1,1"), ("gray", "x")],
)
def test_unknown_colours(model, name):
    with pytest.raises(TexError, match="unknown colour"):
        typst_colour(model, name)


def test_every_command_has_a_handler():
    assert all(callable(handler) for handler in COMMANDS.values())
    assert {"frac", "tag", "def", "\\"} <= COMMANDS.keys()
