r"""Delimiters that grow: ``\left( ... \right)`` and ``\big(``."""

import re

from utils.pdf import texsymbols
from utils.pdf.texreader import TexError
from utils.pdf.texsymbols import escape

_ENDS = ("right", "middle")


def delimiter(parser):
    r"""Read the delimiter after ``\left`` or ``\big``; "" for the empty one."""
    parser.expand()
    kind, value = parser.next()
    if (kind, value) == ("character", "."):
        return ""
    is_command = kind == "command"
    known = texsymbols.DELIMITER_COMMANDS if is_command else texsymbols.DELIMITERS
    if value not in known:
        raise TexError(f"bad delimiter {value}")
    if is_command:
        value = texsymbols.SYMBOLS[value]
    return {"<": "⟨", ">": "⟩"}.get(value, value)


def side(mark, kind):
    """Return a delimiter as what it is here, "opening" or "closing"."""
    return f'class("{kind}", {escape(mark)})' if mark else ""


def _left_right(parser, name):
    parts = [side(delimiter(parser), "opening")]
    while True:
        parts.append(
            parser.sequence(lambda kind, value: kind == "command" and value in _ENDS)
        )
        if parser.at_end():
            raise TexError("\\left without \\right")
        if parser.next().value == "right":
            break
        mark = delimiter(parser)
        parts.append(f"mid({escape(mark)})" if mark else "")
    parts.append(side(delimiter(parser), "closing"))
    return f"lr({parser.join(parts)})"


def _big(parser, name):
    size, direction = re.fullmatch(r"(big|Big|bigg|Bigg)([lrm]?)", name).groups()
    mark = delimiter(parser)
    if not mark:
        return None
    kind = {"l": "opening", "r": "closing", "m": "relation"}.get(direction)
    if kind is None:
        closers = texsymbols.CLOSERS
        kind = "opening" if mark in closers else "normal"
        kind = "closing" if mark in closers.values() else kind
    em = texsymbols.BIG_SIZES[size]
    return f'class("{kind}", lr(size: #{em}em, {escape(mark)}))'


COMMANDS = {"left": _left_right}
COMMANDS |= dict.fromkeys(
    [size + kind for size in texsymbols.BIG_SIZES for kind in ("", "l", "r", "m")], _big
)
