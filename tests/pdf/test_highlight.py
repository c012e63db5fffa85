import pytest

from utils.pdf.highlight import class_style, highlight
from utils.pdf.lines import PLAIN, Span

SOURCE = 'def f(x):\n    """Two\n    lines."""\n\n    return x\n'


@pytest.mark.parametrize("language", ["ipython3", "python", "bash", "nonsense", ""])
@pytest.mark.parametrize("source", [SOURCE, "", "\n\n", "x", "  indented\n\ttab"])
def test_every_character_is_kept(source, language):
    lines = highlight(source, language)
    assert "\n".join("".join(s.text for s in line) for line in lines) == source


def test_keywords_are_coloured_and_space_is_not():
    first = highlight(SOURCE, "python")[0]
    assert first[0].text == "def"
    assert first[0].style.colour.startswith("#")
    assert first[1] == Span(" ", PLAIN)


def test_unknown_language_is_plain():
    assert highlight("def f", "nonsense") == [[Span("def f", PLAIN)]]


def test_css_classes_of_pygments():
    assert class_style("k") == highlight("pass", "python")[0][0].style
    assert class_style("no-such-class") == PLAIN
