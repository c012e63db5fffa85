"""Tables of Markdown, as Jupyter reads them.

Mistune takes a table with a short row, or with a bar inside a formula, for a
paragraph; in JupyterLab, where it was written, it is a table.  So rows are written
again, with as many cells as there are columns, before mistune reads them.
"""

import re

from mistune.plugins.table import parse_table, table, table_in_list, table_in_quote

_DELIMITER = r"[ \t]*:?-+:?[ \t]*"
_DELIMITERS = re.compile(rf"\s*\|?{_DELIMITER}(\|{_DELIMITER})*\|?\s*")
_BAR = re.compile(r"(?<!\\)\|")
_FORMULA = re.compile(r"(?<![\\$])\$[^$`]+\$")
_LINE = re.compile(r"[^\n]*\n?")


def tables(markdown):
    """Let mistune read tables: a plugin like its own."""
    table(markdown)
    table_in_list(markdown)
    table_in_quote(markdown)
    for rule in ("table", "nptable"):
        markdown.block.register(rule, None, _read)


def _read(block, match, state):
    """Read the table that begins at ``match``; return its end, None if it is none."""
    begin, end = match.start(), match.end()
    delimiters = state.get_line(end)
    if "|" not in delimiters or not _DELIMITERS.fullmatch(delimiters):
        return None
    width = len(_cells(delimiters))
    if len(_cells(match[0], width)) != width:
        return None
    lines = [match[0]]
    while end < state.cursor_max and "|" in (line := state.get_line(end)):
        lines.append(line)
        end += len(line)
    rows = "".join(f"|{'|'.join(_row(line, width))}|\n" for line in lines)
    state.src = state.src[:begin] + rows + state.src[end:]
    state.cursor_max = len(state.src)
    return parse_table(block, _LINE.match(state.src, begin), state)


def _cells(line, expected=None):
    """Return the cells of a row; if too many, bars in formulas separate none."""
    line = line.strip().removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    cells = _BAR.split(line)
    if expected and len(cells) > expected:
        line = _FORMULA.sub(lambda formula: _BAR.sub(r"\\vert ", formula[0]), line)
        cells = _BAR.split(line)
    return cells


def _row(line, width):
    """Return so many cells; what is too much stays in the last: nothing is lost."""
    cells = _cells(line, width)
    cells[width - 1 :] = ["\\|".join(cells[width - 1 :])]
    return cells + [""] * (width - len(cells))
