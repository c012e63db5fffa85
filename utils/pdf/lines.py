"""Lines of code and output: coloured pieces, wrapped so that nothing is cut off."""

import unicodedata
from typing import NamedTuple

from utils.pdf.typst_source import array, call, string

CONTINUED = "↪ "
# A line is broken behind one of these if the last 40 % of it hold one.
_GOOD_BREAKS = " ,;)]}"


class Style(NamedTuple):
    """How a piece of text looks.

    ``colour`` and ``background`` are ``#rrggbb`` or empty; ``flags`` holds the
    letters b (bold), i (italic) and u (underlined) that apply.
    """

    colour: str = ""
    flags: str = ""
    background: str = ""


class Span(NamedTuple):
    """A piece of one line, all in one style."""

    text: str
    style: Style = Style()


PLAIN = Style()
CONTINUED_SPAN = Span(CONTINUED, Style(colour="#b05000"))


def character_width(character):
    """Return how many columns a character takes: 0, 1 or 2."""
    if unicodedata.combining(character) or character in "\ufe0e\ufe0f\u200d":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def merge(cells):
    """Join neighbouring ``(text, style)`` pairs of one style into spans."""
    spans = []
    for text, style in cells:
        if spans and spans[-1][1] == style:
            spans[-1][0].append(text)
        else:
            spans.append(([text], style))
    return [Span("".join(texts), style) for texts, style in spans]


def wrap(spans, columns):
    """Break one line into lines of at most ``columns`` columns.

    Lines after the first start with a visible mark, so that a reader sees that
    the break is ours.
    """
    cells = [(character, span.style) for span in spans for character in span.text]
    if sum(character_width(character) for character, _ in cells) <= columns:
        return [list(spans)]
    lines, start = [], 0
    while start < len(cells):
        room = columns - len(CONTINUED) if lines else columns
        stop = _break_point(cells, start, room)
        mark = [CONTINUED_SPAN] if lines else []
        lines.append(mark + merge(cells[start:stop]))
        start = stop
    return lines


def _break_point(cells, start, room):
    stop, width, good = start, 0, None
    while stop < len(cells):
        width += character_width(cells[stop][0])
        if width > room:
            break
        stop += 1
        if cells[stop - 1][0] in _GOOD_BREAKS and stop - start > 0.6 * room:
            good = stop
    if stop == len(cells):
        return stop
    return good or max(stop, start + 1)


def wrap_all(lines, columns):
    """Wrap every line of a list."""
    return [piece for line in lines for piece in wrap(line, columns)]


def _joined(spans):
    """Join what looks alike: Typst's time and memory go with the number of pieces."""
    joined = []
    for text, style in spans:
        if not text:
            continue
        last = joined[-1] if joined else None
        if last and (style == last.style or _is_invisible(text, style, last.style)):
            joined[-1] = last._replace(text=last.text + text)
        else:
            joined.append(Span(text, style))
    return joined


def _is_invisible(text, style, before):
    """Return whether a space looks the same in the style of what stands before it."""
    marks = style.background + before.background + style.flags + before.flags
    return text.isspace() and "u" not in marks and "#" not in marks


def typst_line(spans):
    """Return the template's ``line`` call for one line."""
    pieces = []
    for text, style in _joined(spans):
        if style == PLAIN:
            pieces.append(string(text))
        else:
            pieces.append(array([string(text), *map(string, style)]))
    return call("row", *pieces)


def typst_lines(lines):
    """Return an array of the template's lines."""
    return array(typst_line(line) for line in lines)
