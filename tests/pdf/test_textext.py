import pytest

from utils.pdf.texmath import TexError, convert

SPACE = "#h(0.28em)"


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        (r"\text{if } x", f'#math.upright("if"){SPACE}x'),
        (r"x\text{a}", 'x#math.upright("a")'),
        (r"\text{a $y$}", f'#math.upright("a"){SPACE}y'),
        (r"\text{a \(y\)}", f'#math.upright("a"){SPACE}y'),
        (r"\text{ }", SPACE),
        (r"\text{}", '""'),
        (r"\text{a  b~c}", '#math.upright("a b\u00a0c")'),
        (r"\textbf{a}", '#math.bold(math.upright("a"))'),
        (r"\textit{\textbf{a}}", '#math.bold(math.italic("a"))'),
        (r"\texttt{a\_b}", '#math.mono(math.upright("a_b"))'),
        (r"\fbox{a}", '#box(stroke: 0.5pt, inset: 3pt, $#math.upright("a")$)'),
        (r"\text{``a'' -- b}", '#math.upright("“a” – b")'),
        (r"\text{5\% \ldots x}", '#math.upright("5% …x")'),
        (r"\text{\'e\"o\c{c}\'\i}", '#math.upright("éöçí")'),
        (r"\text{a\,b}", '#math.upright("a")thin#math.upright("b")'),
        (r'\text{"#x"}', '#math.upright("\\"#x\\"")'),
    ],
)
def test_conversion(latex, typst):
    assert convert(latex).markup == typst


@pytest.mark.parametrize("inside", [r"\LaTeX", r"\alpha", r"\frac{1}{2}", r"\\"])
def test_commands_that_text_does_not_know(inside):
    with pytest.raises(TexError, match=r"command inside \\text"):
        convert(rf"\text{{a {inside} b}}")


def test_accents_need_a_letter_they_fit():
    with pytest.raises(TexError, match="no accent fits 7"):
        convert(r"\text{\'7}")
