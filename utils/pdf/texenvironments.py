r"""Environments: matrices, cases, aligned equations, and ``\substack``."""

import re
from typing import NamedTuple

from utils.pdf import texsymbols
from utils.pdf.texcommands import line_skip, table
from utils.pdf.texreader import CLOSE, OPEN, TexError, Token
from utils.pdf.texsymbols import EMPTY, ROW_END
from utils.pdf.textext import text
from utils.pdf.typst_source import string

# Cells, counting those that fill up short rows; more would fill all memory.
MAX_CELLS = 5000
MAX_COLUMNS = 200

_WITH_COLUMNS = ("array", "subarray")
_WITH_COUNT = ("alignat", "alignat*", "alignedat")
_GATHERING = ("gather", "gather*", "gathered", "multline", "multline*")
_ALIGNS = {"l": "left", "c": "center", "r": "right"}
# Between two columns of equations.
_BINARY = tuple("+−±∓×⋅∪∩∧∨⊕⊗⊙")
_PAIR_GAP = "#h(2em)"


class Grid(NamedTuple):
    """The cells of an environment, where lines stand, and the tag of each row."""

    rows: list
    lines: list
    tags: list


def _environment(parser, name):
    kind = parser.raw_group()
    if kind in texsymbols.CASES:
        return _cases(parser, kind)
    if kind.removesuffix("*") in texsymbols.MATRICES:
        return _matrix(parser, kind)
    if kind in texsymbols.ALIGNED:
        return _aligned(parser, kind)
    raise TexError(f"unknown environment {kind}")


def _read(parser, kind):
    r"""Read rows up to the end of the environment; of ``\substack`` if None."""

    def ends_cell(k, v):
        if k == "command":
            return v in ("\\", "end", "hline", "cr", "hdotsfor")
        return (k, v) == ("character", "&") or (kind is None and (k, v) == CLOSE)

    grid, row = Grid([], [], []), []
    tag_before, parser.whole.tag = parser.whole.tag, None
    while True:
        row.append(parser.sequence(ends_cell))
        token = parser.next()
        if token.value == "hline":
            if row != [""] or (kind or "") not in texsymbols.MATRICES:
                raise TexError("misplaced \\hline")
            grid.lines.append(len(grid.rows))
            row.pop()
        elif token.value == "hdotsfor":
            if row.pop() or (kind or "").removesuffix("*") not in texsymbols.MATRICES:
                raise TexError("misplaced \\hdotsfor")
            row += ["⋯"] * (_count(parser) - 1)
            parser.tokens.insert(parser.position, Token("command", "cdots"))
        elif token.value in ("\\", "cr"):
            line_skip(parser)
            _finish(parser, grid, row)
            row = []
        elif token.value in ("end", "}"):
            if kind and (closed := parser.raw_group()) != kind:
                raise TexError(f"\\begin{{{kind}}} closed by \\end{{{closed}}}")
            if row != [""] or not grid.rows or parser.whole.tag is not None:
                _finish(parser, grid, row)
            parser.whole.tag = tag_before
            if len(grid.rows) * max(map(len, grid.rows)) > MAX_CELLS:
                raise TexError(f"more than {MAX_CELLS} cells")
            return grid


def _finish(parser, grid, row):
    """Store a row, and its tag with it."""
    grid.rows.append(row)
    grid.tags.append(parser.whole.tag)
    parser.define_labels()
    parser.whole.tag = None


def _count(parser):
    count = parser.raw_group()
    if not re.fullmatch("[1-9][0-9]?", count):
        raise TexError(f"bad number of columns {count}")
    return int(count)


def _no_tags(grid, kind):
    if any(grid.tags):
        raise TexError(f"\\tag inside {kind}")


def _cells(rows, style, aligns=()):
    """Return Typst's rows of a matrix: cells in one style, aligned by columns."""
    width = max(map(len, rows))
    aligns = (*aligns, *[""] * width)
    form = {"": "{}", "l": "& {}", "r": "{} &"}

    def cell(markup, align):
        return form[align].format(f"{style}({markup})") if markup else EMPTY

    return ROW_END.join(
        ", ".join(map(cell, row + [""] * (width - len(row)), aligns)) for row in rows
    )


def _substack(parser, name):
    if parser.next() != OPEN:
        raise TexError("\\substack without braces")
    grid = _read(parser, None)
    if max(map(len, grid.rows)) > 1:
        raise TexError("misplaced &")
    return f"mat(delim: #none, row-gap: #0.2em, {_cells(grid.rows, 'script')})"


def _cases(parser, kind):
    grid = _read(parser, kind)
    _no_tags(grid, kind)
    style = "display" if kind.startswith("d") else parser.cell_style()
    row_gap = "0.7em" if style == "display" else "0.4em"
    options = f"delim: #none, align: #left, row-gap: #{row_gap}, column-gap: #1em"
    inner = f"mat({options}, {_cells(grid.rows, style)})"
    return f"lr({inner}\\}})" if kind.endswith("rcases") else f"lr(\\{{{inner})"


# Matrices.


def _matrix(parser, kind):
    bare = kind.removesuffix("*")
    if bare in _WITH_COLUMNS:
        parser.optional_group()
        aligns, bars = _columns(parser.raw_group())
    else:
        aligns, bars = (parser.optional_group() or "c") if bare != kind else "c", []
        if aligns not in ("l", "c", "r"):
            raise TexError(f"unknown column type {aligns}")
    grid = _read(parser, kind)
    _no_tags(grid, kind)
    width = max(map(len, grid.rows))
    is_small = "small" in bare or bare == "subarray"
    default, marks = _alignment(aligns)
    delim = texsymbols.MATRICES[bare]
    options = [
        f"delim: {'#none' if delim is None else string(delim)}",
        f"align: #{default}",
        f"row-gap: #{'0.05em' if is_small else '0.35em'}",
        f"column-gap: #{'0.4em' if is_small else '0.8em'}",
    ]
    down = [min(place, width) for place in bars]
    if {0, len(grid.rows)} & {*grid.lines} or {0, width} & {*down}:
        return _table(grid, aligns.ljust(width, "c"), bars)
    if grid.lines or down:
        # A line counts once, as Typst draws doubled ones in one place.
        across, down = (
            "".join(f"{n}," for n in dict.fromkeys(places))
            for places in (grid.lines, down)
        )
        options.append(f"augment: #(hline: ({across}), vline: ({down}))")
    cells = _cells(grid.rows, "script" if is_small else parser.cell_style(), marks)
    return f"mat({', '.join(options)}, {cells})"


def _table(grid, aligns, bars):
    """Return an array with a frame, or a part of one, as a table."""
    lines = [f"table.hline(y: {place}, stroke: 0.5pt)" for place in grid.lines]
    lines += [f"table.vline(x: {place}, stroke: 0.5pt)" for place in bars]
    cells = [
        f"${cell}$" if cell else "[]"
        for row in grid.rows
        for cell in row + [""] * (len(aligns) - len(row))
    ]
    options = [
        f"columns: {len(aligns)}",
        f"align: ({''.join(_ALIGNS[align] + ',' for align in aligns)})",
        "stroke: none",
        "inset: (x: 0.4em, y: 0.3em)",
    ]
    table = f"table({', '.join([*options, *lines, *cells])})"
    # Without leading, a line is as tall as its formula.
    return f"#box(baseline: 50% - 0.25em, {{ set par(leading: 0pt); {table} }})"


def _columns(spec):
    """Return the letters l, c, r of an array's columns, and where bars stand."""
    spec = re.sub(r"\s", "", spec)
    for _ in range(9):
        repeated = re.search(r"\*(\d|\{\d{1,2}\})\{([lcr|]*)\}", spec)
        if not repeated:
            break
        times = int(repeated[1].strip("{}"))
        if times * len(repeated[2]) > MAX_COLUMNS:
            raise TexError(f"more than {MAX_COLUMNS} columns")
        spec = spec[: repeated.start()] + repeated[2] * times + spec[repeated.end() :]
    # Space between columns is a matter of taste; text there is not.
    spec = re.sub(r"[@!]\{(\\[,;:! ]|\\q?quad|\\hspace\{[^{}]*\})*\}", "", spec)
    unknown = re.sub(r"[lcr|]", "", spec)
    if unknown:
        raise TexError(f"unknown column type {unknown[:20]}")
    bars = [
        len(spec[: match.start()].replace("|", ""))
        for match in re.finditer(r"\|", spec)
    ]
    return spec.replace("|", ""), bars


def _alignment(aligns):
    """Return Typst's alignment of all columns, and the marks of those that differ."""
    usual = "c" if "c" in aligns or not aligns else aligns[0]
    return _ALIGNS[usual], ["" if align == usual else align for align in aligns]


# Equations below each other.


def _aligned(parser, kind):
    if kind in _WITH_COUNT:
        _count(parser)
    elif kind in ("aligned", "gathered"):
        parser.optional_group()
    # Environments inside this one are parts of a formula.
    is_whole, parser.is_one_environment = parser.is_one_environment, False
    grid = _read(parser, kind)
    rows = [
        (row, tag)
        for row, tag in zip(grid.rows, grid.tags, strict=True)
        if any(row) or tag
    ]
    rows = rows or [([""], None)]
    if kind in _GATHERING and any(len(row) > 1 for row, _ in rows):
        raise TexError("misplaced &")
    if len(rows) == 1 and rows[0][1]:
        if parser.whole.tag is not None:
            raise TexError("more than one \\tag")
        parser.whole.tag = rows[0][1]
        rows = [(rows[0][0], None)]
    rows = [(_points(row, kind, number), tag) for number, (row, tag) in enumerate(rows)]
    if any(tag for _, tag in rows) or not is_whole:
        return _stacked(parser, kind, rows)
    return " \\ ".join(" & ".join(row) for row, _ in rows)


def _points(row, kind, number):
    """Return the cells of a row between Typst's alignment points."""
    if kind.startswith("multline"):
        return ["", f"#h({2 * min(number, 5)}em) {row[0]}"]
    if kind.startswith("eqnarray") and len(row) == 3:
        return [row[0], " ".join(filter(None, row[1:]))]
    # The second half of an equation starts behind something, as in TeX.
    row = [
        EMPTY + cell if column % 2 and cell[:1] in _BINARY else cell
        for column, cell in enumerate(row)
    ]
    if kind in _WITH_COUNT:
        return row
    return [
        f"{_PAIR_GAP} {cell}" if column and column % 2 == 0 else cell
        for column, cell in enumerate(row)
    ]


def _stacked(parser, kind, rows):
    """Return rows as a matrix of one column, or two with their tags."""
    lines = []
    for row, tag in rows:
        line = " & ".join(f"display({cell})" if cell else "" for cell in row)
        lines.append(f"{line.strip() or EMPTY}, {text(parser, tag) if tag else EMPTY}")
    if not any(tag for _, tag in rows):
        lines = [line.removesuffix(f", {EMPTY}") for line in lines]
    align = "center" if kind in _GATHERING else "left"
    options = f"delim: #none, align: #{align}, row-gap: #0.7em, column-gap: #2em"
    return f"mat({options}, {ROW_END.join(lines)})"


COMMANDS = table(("begin", _environment), ("substack", _substack))
