import pytest

from utils.pdf.lines import Span, Style
from utils.pdf.terminal import MAX_COLUMN, render


def shown(text):
    return ["".join(span.text for span in line) for line in render(text)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a\nb\n", ["a", "b"]),
        ("a\r\nb", ["a", "b"]),
        (" 10%\r 50%\r100%\n", ["100%"]),
        ("abc\rX", ["Xbc"]),
        ("abc\r\x1b[KX", ["X"]),
        ("abc\x1b[2K", []),
        ("abc\bX", ["abX"]),
        ("a\tb", ["a       b"]),
        ("a\x00b\x07c", ["abc"]),
        ("one\ntwo\n\x1b[2AONE\n\n!", ["ONE", "two", "!"]),
        ("ab\x1b[1DX", ["aX"]),
        ("a\x1b[3Cb", ["a   b"]),
        ("abc\x1b[1GX", ["Xbc"]),
        ("\x1b]0;title\x07x", ["x"]),
        ("\x1b(Bx", ["Bx"]),
        ("a  \n\n\n", ["a"]),
        ("", []),
    ],
)
def test_what_a_terminal_shows(text, lines):
    assert shown(text) == lines


@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("31", Style("#b02020")),
        ("1;4", Style(flags="bu")),
        ("1;22;3", Style(flags="i")),
        ("92;41", Style("#2a9a2a", background="#b02020")),
        ("38;5;208", Style("#ff8700")),
        ("38;5;232", Style("#080808")),
        ("48;2;1;2;300", Style(background="#0102ff")),
        ("31;0", Style()),
        ("31;39", Style()),
        ("38;5", Style()),
        ("999", Style()),
    ],
)
def test_colours(codes, style):
    assert render(f"\x1b[{codes}mx") == [[Span("x", style)]]


def test_a_hostile_move_takes_no_memory():
    (line,) = shown("\x1b[999999999Cx")
    assert len(line) == MAX_COLUMN + 1


def test_numbers_too_long_for_python():
    assert shown(f"\x1b[{'9' * 5000}Cx")[0].endswith("x")
    assert shown(f"\x1b[{'3' * 5000};1mx") == ["x"]


def test_background_spaces_at_the_end_stay():
    assert render("\x1b[41m  ") == [[Span("  ", Style(background="#b02020"))]]
