import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils.pdf.texmath import TexError, convert


def listed(name):
    """Return the lines of a list beside this file, without its headings."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("%")]


FORMULAS = listed("formulas.txt")
MALFORMED = [line.split(" ¦ ") for line in listed("malformed.txt")]


def complaints(engine, markup):
    """Compile one formula; return Typst's warnings."""
    page = f"#set page(width: auto, height: auto)\n$ {markup} $"
    _, warnings = engine._trial.compile_with_warnings(page.encode(), format="svg")
    return [warning.message for warning in warnings]


# Worked by hand from Typst's own syntax.
@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        ("x", "x"),
        ("x_i", "attach(x, b: i)"),
        ("x_{ij}^2", "attach(x, b: i j, t: 2)"),
        ("{x_i}^2", 'attach(class("normal", attach(x, b: i)), t: 2)'),
        ("x₁²", "attach(x, b: 1, t: 2)"),
        ("x'", "attach(x, t: ′)"),
        ("x'^2", "attach(x, t: ′ 2)"),
        ("-1.25", "−1.25"),
        ("{-1}", 'class("normal", −1)'),
        ("1{,}5", '1 class("normal", \\,)5'),
        ("f(x, y)", "f\\(x\\,y\\)"),
        ("a/b", "a\\/b"),
        (r"\alpha*", "α∗"),
        (r"\nabla f", 'class("normal", ∇)f'),
        (r"\frac12", "frac(1, 2)"),
        (r"\hat x", "accent(x, \\u{302}, size: #0%)"),
        (r"\widehat x", "accent(x, \\u{302})"),
        (r"|x|", 'class("normal", |)x class("normal", |)'),
        (r"\bf x", "bold(upright(x))"),
        (r"a \over b", "frac(a, b)"),
        (r"\underbrace{a}_n", "underbrace(a, n)"),
        (r"\underbrace{a}_n^k", "attach(limits(underbrace(a, n)), t: k)"),
        (r"\sum\limits_i x", "attach(limits(∑), b: i)x"),
        (r"x^{\phantom{a}}", "attach(x, t: #hide($script(a)$))"),
        (r"{\underbrace{a}_n}_k",)
        + ('attach(class("normal", underbrace(a, n)), b: k)',),
        ("a\U0003e409", 'a"\U0003e409"'),
        ("中", '"中"'),
        ("a % comment\nb", "a b"),
        ("", ""),
    ],
)
def test_conversion(latex, typst):
    assert convert(latex).markup == typst


@pytest.mark.parametrize("latex", FORMULAS)
def test_every_formula_compiles_without_a_warning(latex, engine):
    assert complaints(engine, convert(latex).markup) == []


def test_the_list_of_formulas_is_long_and_has_no_doubles():
    assert len(FORMULAS) >= 420
    assert len(set(FORMULAS)) == len(FORMULAS)


@pytest.mark.parametrize(("message", "latex"), MALFORMED)
def test_what_is_unknown_or_malformed_is_refused(message, latex):
    with pytest.raises(TexError) as caught:
        convert(latex)
    assert message in str(caught.value)


def test_macros_last_and_belong_to_the_caller():
    macros = {}
    convert(r"\newcommand{\R}{\mathbb{R}}", macros)
    assert convert(r"x \in \R^n", macros).markup == "x∈attach(bb(R), t: n)"
    with pytest.raises(TexError):
        convert(r"\R")


def test_tag_is_returned_beside_the_formula():
    assert convert(r"a = b \tag{1}") == ("a\\=b", "(1)")
    assert convert(r"a \tag*{note}").tag == "note"
    assert convert(r"\begin{equation} a \tag{2} \end{equation}").tag == "(2)"


def test_a_tag_that_holds_math_follows_the_formula():
    markup, tag = convert(r"a \tag{$\ast$}")
    assert tag is None
    assert "∗" in markup


def test_references_know_the_tags_of_formulas_above():
    macros = {}
    convert(r"a = b \label{one} \tag{7}", macros)
    assert '"(7)"' in convert(r"\eqref{one}", macros).markup
    assert '"7"' in convert(r"\text{see \ref{one}}", macros).markup
    with pytest.raises(TexError, match="no formula above"):
        convert(r"\ref{one}")


def test_only_a_whole_environment_uses_alignment_points():
    whole = convert(r"\begin{align} a &= b \\ c &= d \end{align}").markup
    inside = convert(r"x + \begin{aligned} a &= b \\ c &= d \end{aligned}").markup
    assert whole == "a & \\=b \\ c & \\=d"
    assert "mat(" in inside


# Hostile formulas.


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


@pytest.mark.parametrize(
    "latex",
    [
        "{" * 100_000 + "x" + "}" * 100_000,
        "{" * 9_000 + "x" + "}" * 9_000,
        r"\hat" * 4_000 + " x",
        r"\bf" * 5_000,
        r"\sqrt[" * 3_000,
        r"\begin{pmatrix}" + "&" * 4_000 + r"\\ " * 4_000 + r"\end{pmatrix}",
        r"\begin{array}{*{99}{*{99}{*{99}{*{99}{c}}}}} a \end{array}",
        r"\begin{matrix}" + r"\hdotsfor{99}&" * 1_000 + r"\end{matrix}",
        r"\begin{align}x\end{align}" + " " * 19_000 + "x&",
        r"\vphantom{" * 28 + "x" + "}" * 28,
        r"\kern" + "9" * 15_000 + "pt",
    ],
)
def test_hostile_formulas_are_refused_at_once(latex):
    started = time.process_time()
    with pytest.raises(TexError) as caught:
        convert(latex)
    assert len(str(caught.value)) < 100
    assert time.process_time() - started < 1


# As deep as the converter lets anything through.
NESTED = [r"\hat", r"\left(%s\right)", r"\frac{%s}{2}", r"\sqrt[{%s}]{x}", "x_{%s}"]
NESTED += [r"\begin{pmatrix}%s\end{pmatrix}", r"\begin{aligned}a&%s\end{aligned}"]
NESTED += [r"\boxed{%s}", r"\mathclap{%s}", r"\xrightarrow{%s}", r"\text{$%s$}"]
NESTED += [r"\begin{array}{|c|}\hline %s\\ \hline\end{array}", r"\operatorname{%s}"]


@pytest.mark.parametrize("form", NESTED)
def test_nesting_neither_crashes_nor_delays_typst(form, engine):
    before, _, behind = form.partition("%s")
    started = time.process_time()
    outcomes = []
    for depth in (5, 14, 19, 28, 60):
        latex = before * depth + " x" + behind * depth
        try:
            outcomes.append(engine.formula_error(convert(latex).markup))
        except TexError as error:
            outcomes.append(str(error))
    assert outcomes[0] is None
    assert time.process_time() - started < 2


# Random ones.

_PIECES = st.sampled_from(
    [r"\frac", r"\left", r"\right", "(", ")", "{", "}", "[", "]", "^", "_", "&", r"\\"]
    + [r"\begin{matrix}", r"\end{matrix}", r"\begin{align}", r"\end{align}", "x", "12"]
    + [r"\text{", "$", "#1", r"\newcommand{\a}", r"\a", r"\def\b", r"\b", r"\let", " "]
    + [r"\sqrt", r"\hline", r"\tag{1}", r"\over", r"\color{red}", r"\not", r"\sideset"]
    + [r"\operatorname*", r"\big", r"\middle", "|", "'", "%\n", r"\hspace", "1em", "."]
    + [
        r"\genfrac",
        r"\substack",
        r"\limits",
        r"\hdotsfor",
        "\\",
        '"',
        "~",
        r"\xrightarrow",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(_PIECES, max_size=25).map("".join)))
def test_random_text_raises_nothing_but_tex_errors(source):
    try:
        formula = convert(source)
    except TexError as error:
        assert str(error)
    else:
        assert isinstance(formula.markup, str)


_LEAVES = st.sampled_from(
    [
        "x",
        "12.5",
        "ab",
        r"\alpha",
        r"\infty",
        "+",
        "-",
        "=",
        ",",
        "|",
        "(",
        "]",
        "/",
        "!",
    ]
    + [r"\sum", r"\int", r"\log", r"\max", r"\to", r"\cdot", r"\mid", r"\nabla", r"\,"]
    + [r"\text{if $x$ or}", r"\mathbb{R}", r"\dots", r"\langle", r"\%", r"\lVert", "<"]
)


def _grown(children):
    sequence = st.lists(children, min_size=1, max_size=3).map(" ".join)
    one = st.sampled_from(
        [
            r"\sqrt{%s}",
            r"\hat{%s}",
            r"\mathbf{%s}",
            r"{%s}",
            r"\left(%s\right]",
            "x_{%s}",
        ]
        + [
            r"\overline{%s}",
            r"\boxed{%s}",
            r"\underbrace{%s}_{n}",
            r"\textcolor{red}{%s}",
        ]
        + [
            r"\begin{cases}%s\end{cases}",
            r"\phantom{%s}",
            r"\operatorname{%s}",
            "y^{%s}",
        ]
    )
    two = st.sampled_from(
        [r"\frac{%s}{%s}", r"\sqrt[%s]{%s}", r"{%s}_{%s}", r"\overset{%s}{%s}"]
        + [r"\begin{bmatrix}%s & %s\end{bmatrix}", r"\left\{%s\middle|%s\right."]
        + [r"\begin{aligned}%s &= %s\\[2pt] a\end{aligned}", r"{%s \over %s}"]
        + [
            r"\xrightarrow[%s]{%s}",
            r"\binom{%s}{%s}",
            r"\begin{array}{l|r}%s&%s\end{array}",
        ]
    )
    return st.one_of(
        sequence,
        st.builds(lambda form, part: form % part, one, sequence),
        st.builds(lambda form, a, b: form % (a, b), two, sequence, sequence),
    )


@settings(max_examples=200, deadline=None)
@given(source=st.recursive(_LEAVES, _grown, max_leaves=12))
def test_random_well_formed_formulas_compile(source, engine):
    # A bracket in an optional argument ends it, as in LaTeX.
    try:
        markup = convert(source).markup
    except TexError as error:
        assert "[" in source, error
        return
    assert complaints(engine, markup) == []
