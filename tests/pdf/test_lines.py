import pytest

from utils.pdf.lines import (
    CONTINUED,
    PLAIN,
    Span,
    Style,
    character_width,
    merge,
    typst_line,
    typst_lines,
    wrap,
    wrap_all,
)


def texts(lines):
    return ["".join(span.text for span in line) for line in lines]


def width(line):
    return sum(character_width(c) for span in line for c in span.text)


@pytest.mark.parametrize(
    ("character", "columns"), [("a", 1), ("中", 2), ("\u0301", 0), ("\ufe0f", 0)]
)
def test_character_width(character, columns):
    assert character_width(character) == columns


def test_short_lines_stay():
    assert wrap([Span("1234567890")], 10) == [[Span("1234567890")]]
    assert wrap([], 10) == [[]]


def test_break_behind_a_late_space_and_mark():
    assert texts(wrap([Span("abcdefg hijkl")], 10)) == ["abcdefg ", CONTINUED + "hijkl"]


def test_an_early_space_is_no_good_break():
    assert texts(wrap([Span("ab cdefghijkl")], 10)) == ["ab cdefghi", CONTINUED + "jkl"]


@pytest.mark.parametrize(
    "text", ["x" * 300, "word " * 80, "中文" * 70, "a" * 99 + "中"]
)
@pytest.mark.parametrize("columns", [4, 30, 100])
def test_nothing_is_lost_and_nothing_too_wide(text, columns):
    lines = wrap([Span(text)], columns)
    assert all(width(line) <= columns for line in lines)
    joined = [texts(lines)[0], *(t.removeprefix(CONTINUED) for t in texts(lines)[1:])]
    assert "".join(joined) == text


def test_styles_survive_the_break():
    red = Style("#ff0000")
    lines = wrap([Span("aaaa"), Span("bbbbbbbb", red)], 8)
    assert lines[0] == [Span("aaaa"), Span("bbbb", red)]
    assert lines[1][1:] == [Span("bbbb", red)]


def test_wrap_all():
    assert len(wrap_all([[Span("x" * 20)], [Span("y")]], 10)) == 4


def test_merge_joins_equal_neighbours():
    bold = Style(flags="b")
    cells = [("a", PLAIN), ("b", PLAIN), ("c", bold)]
    assert merge(cells) == [Span("ab"), Span("c", bold)]


def test_typst_line():
    line = [Span("a"), Span("", PLAIN), Span('"', Style("#ff0000", "b"))]
    assert typst_line(line) == 'row("a", ("\\"", "#ff0000", "b", "", ))'
    assert typst_lines([[Span("a")]]) == '(row("a"), )'
