import pytest

from utils.pdf.texdelimiters import side
from utils.pdf.texmath import TexError, convert
from utils.pdf.texsymbols import DELIMITER_COMMANDS, DELIMITERS


@pytest.mark.parametrize(
    ("latex", "typst"),
    [
        (r"\left| x \right|", 'lr(class("opening", \\|)x class("closing", \\|))'),
        (r"\left. x \right]", 'lr(x class("closing", \\]))'),
        (r"\left< x \right>", 'lr(class("opening", \\⟨)x class("closing", \\⟩))'),
        (r"\left. a \middle/ b \right.", "lr(a mid(\\/)b)"),
        (r"\Bigl(", 'class("opening", lr(size: #1.8em, \\())'),
        (r"\big)", 'class("closing", lr(size: #1.2em, \\)))'),
        (r"\biggm|", 'class("relation", lr(size: #2.4em, \\|))'),
        (r"\Bigg\uparrow", 'class("normal", lr(size: #3.0em, ↑))'),
        (r"a \big. b", "a b"),
    ],
)
def test_conversion(latex, typst):
    assert convert(latex).markup == typst


@pytest.mark.parametrize(
    "mark", sorted(DELIMITERS) + ["\\" + name for name in sorted(DELIMITER_COMMANDS)]
)
def test_every_delimiter_compiles(mark, engine):
    for latex in (
        rf"\left{mark} \frac{{a}}{{b}} \right.",
        rf"\frac{{\Big{mark}}}{{b}}",
    ):
        assert engine.formula_error(convert(latex).markup) is None


@pytest.mark.parametrize(
    "latex", [r"\left\foo x \right)", r"\big x", r"\left{ x \right}"]
)
def test_bad_delimiter(latex):
    with pytest.raises(TexError, match="bad delimiter"):
        convert(latex)


def test_the_empty_delimiter_is_nothing():
    assert side("", "opening") == ""
