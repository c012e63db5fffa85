r"""What LaTeX commands with arguments become: ``\frac``, ``\left``, ``\begin`` ...

Every handler gets the parser, standing right behind the command, and the
command's name; it takes its arguments from the parser and returns Typst math,
or None if nothing is printed.
"""

import re
import unicodedata

from utils.pdf import texsymbols
from utils.pdf.texsymbols import WORD_SPACE
from utils.pdf.typst_source import colour, string

THIN_SPACE = "\u2009"
EMPTY = '""'


class TexError(ValueError):
    """A formula that cannot be converted; the message says why."""


def escape(character):
    """Return one character so that Typst's math prints it."""
    return "\\" + character if character in texsymbols.TYPST_SPECIAL else character


def typst_colour(name):
    """Return a Typst colour, or raise TexError."""
    value = colour(name)
    if value is None:
        raise TexError(f"unknown colour {name.strip()}")
    return value


def _delimiter(parser):
    r"""Read the delimiter after ``\left`` or ``\big``; "" for the empty one."""
    kind, value = parser.next()
    if value == ".":
        return ""
    if kind == "command":
        value = texsymbols.SYMBOLS.get(value, "")
    value = {"<": "⟨", ">": "⟩"}.get(value, value)
    if len(value) != 1:
        raise TexError("bad delimiter")
    return value


# Text inside formulas.


def _text(parser, raw):
    r"""Convert the inside of ``\text{...}``, which may hold ``$math$`` again."""
    out = []
    for number, piece in enumerate(re.split(r"(?<!\\)\$", raw)):
        if number % 2:
            out.append(parser.convert_part(piece))
        elif piece:
            out.append(_plain_text(piece))
    return "".join(out) or EMPTY


def _plain_text(piece):
    piece = re.sub(r"\\(text(?:bf|it|rm|tt)?|mathrm|emph)\s*\{([^{}]*)\}", r"\2", piece)
    piece = re.sub(r"\\([{}$%&#_ ])", r"\1", piece).replace("~", "\u00a0")
    if "\\" in piece:
        raise TexError("command inside \\text: " + piece.strip())
    piece = piece.replace("{", "").replace("}", "")
    words = piece.strip()
    if not words:
        return WORD_SPACE
    before = WORD_SPACE if piece[0] in " \u00a0" else ""
    after = WORD_SPACE if piece[-1] in " \u00a0" else ""
    return f"{before}upright({string(words)}){after}"


def _text_command(parser, name):
    form = {
        "textbf": "bold({})",
        "textit": "italic({})",
        "emph": "italic({})",
        "texttt": "mono({})",
    }.get(name, "{}")
    return form.format(_text(parser, parser.raw_group()))


def _operator_name(parser, name):
    raw = re.sub(r"\\[,;: ]", THIN_SPACE, parser.raw_group())
    limits = "true" if name.endswith("*") else "false"
    return f"op({_text(parser, raw)}, limits: #{limits})"


# Fractions, roots, things above and below.


def _fraction(parser, name):
    frac = f"frac({parser.argument()}, {parser.argument()})"
    form = {"dfrac": "display({})", "cfrac": "display({})", "tfrac": "inline({})"}
    return form.get(name, "{}").format(frac)


def _binomial(parser, name):
    return f"binom({parser.argument()}, {parser.argument()})"


def _root(parser, name):
    index = parser.optional_group()
    if index is None:
        return f"sqrt({parser.argument()})"
    return f"root({parser.convert_part(index)}, {parser.argument()})"


def _brace(parser, name):
    return f"{name}({parser.argument()})"


def _stacked(parser, name):
    r"""Convert ``\overset``, ``\stackrel`` (above) and ``\underset`` (below)."""
    mark, base = parser.argument(), parser.argument()
    if name == "underset":
        return f"attach(limits({base}), b: {mark})"
    form = f"attach(limits({base}), t: {mark})"
    is_relation = name == "stackrel" or base in ("\\=", "≡", "→", "∼", "≈", "←")
    return f'class("relation", {form})' if is_relation else form


def _long_arrow(parser, name):
    below, above = parser.optional_group(), parser.argument()
    arrow = "→" if "right" in name else "←"
    under = f", b: {parser.convert_part(below)}" if below else ""
    return f"attach(limits(stretch({arrow}, size: #150%)), t: {above}{under})"


def _substack(parser, name):
    rows = re.split(r"\\\\", parser.raw_group().replace("\\\\ ", "\\\\"))
    cells = "; ".join(parser.convert_part(row) for row in rows)
    return f"mat(delim: #none, row-gap: #0.15em, {cells})"


def _negated(parser, name):
    symbol = (parser.atom() or "").removeprefix("\\")
    joined = unicodedata.normalize("NFC", symbol + "\u0338")
    return joined if len(joined) == 1 else f"cancel({escape(symbol)})"


# Delimiters that grow.


def _side(mark, side):
    if mark in ("|", "‖"):
        return f'class("{side}", {mark})'
    return escape(mark) if mark else ""


def _left_right(parser, name):
    parts = [_side(_delimiter(parser), "opening")]
    while True:
        parts.append(
            parser.sequence(lambda k, v: k == "command" and v in ("right", "middle"))
        )
        if parser.at_end():
            raise TexError("\\left without \\right")
        if parser.next()[1] == "right":
            break
        parts.append(f"mid({escape(_delimiter(parser))})")
    parts.append(_side(_delimiter(parser), "closing"))
    return f"lr({parser.join(part for part in parts if part)})"


def _big(parser, name):
    size, side = re.fullmatch(r"(big|Big|bigg|Bigg)([lrm]?)", name).groups()
    mark = _delimiter(parser)
    if not mark:
        return None
    kind = {"l": "opening", "r": "closing", "m": "relation"}.get(side)
    if kind is None:
        closers = texsymbols.CLOSERS
        kind = "opening" if mark in closers else "normal"
        kind = "closing" if mark in closers.values() else kind
    em = texsymbols.BIG_SIZES[size]
    return f'class("{kind}", lr(size: #{em}em, {escape(mark)}))'


# Small ones.


def _coloured(parser, name):
    value = typst_colour(parser.raw_group())
    return f"text(fill: #{value}, {parser.argument()})"


def _modulo(parser, name):
    if name == "bmod":
        return 'class("binary", op("mod"))'
    return f'#h(0.6em)\\(op("mod"){WORD_SPACE}{parser.argument()}\\)'


def _tag(parser, name):
    label = parser.raw_group()
    parser.tag = label if name == "tag*" else f"({label})"


def _skip_argument(parser, name):
    parser.raw_group()


def _new_line(parser, name):
    return "\\ "


# Macros.


def _new_command(parser, name):
    macro = parser.raw_group().strip().removeprefix("\\")
    count, body = parser.optional_group(), parser.raw_group()
    if name.startswith("Declare"):
        star = "*" if name.endswith("*") else ""
        body = f"\\operatorname{star}{{{body}}}"
    count = (count or "0").strip()
    if not re.fullmatch("[0-9]", count):
        raise TexError(f"bad number of arguments for \\{macro}")
    parser.macros[macro] = (int(count), body)


def _plain_define(parser, name):
    macro, count = parser.next()[1], 0
    while parser.peek() == ("character", "#"):
        parser.next()
        parser.next()
        count += 1
    parser.macros[macro] = (count, parser.raw_group())


# Environments.


def _environment(parser, name):
    kind = parser.raw_group()
    spec = ""
    if kind in ("array", "alignat", "alignat*", "alignedat"):
        parser.optional_group()
        spec = parser.raw_group()
    if kind in texsymbols.CASES:
        return _cases(parser, kind)
    if kind in texsymbols.MATRICES:
        return _matrix(parser, kind, spec)
    if kind in texsymbols.ALIGNED:
        return _aligned(parser, kind)
    raise TexError(f"unknown environment {kind}")


def _rows(parser, kind):
    """Read up to the end of the environment: its rows, and where lines stand."""

    def ends_cell(k, v):
        command = k == "command" and v in ("\\", "end", "hline", "cr")
        return command or (k, v) == ("character", "&")

    rows, row, lines = [], [], []
    while True:
        row.append(parser.sequence(ends_cell))
        value = parser.next()[1]
        if value == "hline":
            if row != [""] or kind not in texsymbols.MATRICES:
                raise TexError("misplaced \\hline")
            lines.append(len(rows))
            row.pop()
        elif value in ("\\", "cr"):
            if parser.peek() == ("character", "["):
                parser.optional_group()
            rows.append(row)
            row = []
        elif value == "end":
            closed = parser.raw_group()
            if closed != kind:
                raise TexError(f"\\begin{{{kind}}} closed by \\end{{{closed}}}")
            if row != [""] or not rows:
                rows.append(row)
            return rows, lines


def _grid(rows, width):
    return "; ".join(
        ", ".join((cell or EMPTY) for cell in row + [""] * (width - len(row)))
        for row in rows
    )


def _cases(parser, kind):
    rows, _ = _rows(parser, kind)
    grid = _grid(rows, max(map(len, rows)))
    inner = f"mat(delim: #none, align: #left, column-gap: #1em, {grid})"
    return f"lr({inner}\\}})" if kind == "rcases" else f"lr(\\{{{inner})"


def _matrix(parser, kind, spec):
    rows, lines = _rows(parser, kind)
    width = max(map(len, rows))
    spec = re.sub(r"[^lcr|]", "", spec)
    first = spec.lstrip("|")[:1]
    align = {"l": "left", "r": "right"}.get(first, "center")
    delim = texsymbols.MATRICES[kind]
    options = [
        f"delim: {'#none' if delim is None else string(delim)}",
        f"align: #{align}",
    ]
    columns = [len(left.replace("|", "")) for left in _before_bars(spec)]
    down = [min(n, width) for n in columns]
    if lines or down:
        # A line counts once, as Typst draws doubled ones in one place.
        across, down = (
            "".join(f"{n}," for n in dict.fromkeys(places)) for places in (lines, down)
        )
        options.append(f"augment: #(hline: ({across}), vline: ({down}))")
    matrix = f"mat({', '.join(options)}, {_grid(rows, width)})"
    return f"script({matrix})" if kind == "smallmatrix" else matrix


def _before_bars(spec):
    """Return what stands before each bar of an array's column specification."""
    return [spec[: match.start()] for match in re.finditer(r"\|", spec)]


def _aligned(parser, kind):
    rows, _ = _rows(parser, kind)
    rows = [row for row in rows if any(row)]
    if parser.is_one_environment:
        return " \\ ".join(" & ".join(row) for row in rows)
    # Inside a larger formula: a matrix of one column, whose cells may align.
    cells = (
        " & ".join(f"display({cell})" if cell else "" for cell in row) for row in rows
    )
    return f"mat(delim: #none, align: #left, row-gap: #0.7em, {'; '.join(cells)})"


def _table(*groups):
    return {name: handler for names, handler in groups for name in names.split()}


COMMANDS = _table(
    ("frac dfrac tfrac cfrac", _fraction),
    ("binom dbinom tbinom", _binomial),
    ("sqrt", _root),
    ("underbrace overbrace underbracket overbracket", _brace),
    ("overset stackrel underset", _stacked),
    ("xrightarrow xleftarrow", _long_arrow),
    ("operatorname operatorname*", _operator_name),
    ("text textrm textnormal mbox hbox textup textsf", _text_command),
    ("textbf textit emph texttt", _text_command),
    ("textcolor", _coloured),
    ("left", _left_right),
    (" ".join(b + s for b in texsymbols.BIG_SIZES for s in ("", "l", "r", "m")), _big),
    ("not", _negated),
    ("substack", _substack),
    ("pmod bmod", _modulo),
    ("tag tag*", _tag),
    ("label vspace hspace hspace* vphantom", _skip_argument),
    ("newcommand renewcommand providecommand", _new_command),
    ("newcommand* renewcommand* providecommand*", _new_command),
    ("DeclareMathOperator DeclareMathOperator*", _new_command),
    ("def", _plain_define),
    ("begin", _environment),
    ("\\", _new_line),
)
