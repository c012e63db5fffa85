r"""What LaTeX commands with arguments become: ``\frac``, ``\overset``, ``\tag`` ...

Every handler gets the parser, standing right behind the command, and the
command's name; it takes its arguments from the parser and returns Typst math,
or None if nothing is printed.
"""

import re
import unicodedata

from utils.pdf.texdelimiters import delimiter, side
from utils.pdf.texreader import Macro, Reader, TexError, Token, length
from utils.pdf.texsymbols import EMPTY, FORMS, INFIX, SYMBOLS, escape
from utils.pdf.textext import text
from utils.pdf.typst_source import colour, string

# Arrows that grow with what is written above them.
LONG_ARROWS = {
    "xrightarrow": "→",
    "xleftarrow": "←",
    "xleftrightarrow": "↔",
    "xRightarrow": "⇒",
    "xLeftarrow": "⇐",
    "xLeftrightarrow": "⇔",
    "xmapsto": "↦",
    "xhookrightarrow": "↪",
    "xhookleftarrow": "↩",
    "xrightharpoonup": "⇀",
    "xrightharpoondown": "⇁",
    "xleftharpoonup": "↼",
    "xleftharpoondown": "↽",
    "xrightleftharpoons": "⇌",
    "xtwoheadrightarrow": "↠",
    "xlongequal": "\\=",
}
# Names of LaTeX's colour packages that Typst does not know.
COLOURS = {
    "darkgray": "#404040",
    "lightgray": "#bfbfbf",
    "BrickRed": "#b6321c",
    "RedOrange": "#f26035",
    "Orange": "#f58137",
    "Goldenrod": "#d9a400",
    "ForestGreen": "#009b55",
    "OliveGreen": "#3c8031",
    "Emerald": "#00a99d",
    "TealBlue": "#00aeb3",
    "Cerulean": "#00a2e3",
    "RoyalBlue": "#0071bc",
    "NavyBlue": "#006eb8",
    "MidnightBlue": "#006795",
    "Purple": "#99479b",
    "Plum": "#92268f",
    "RubineRed": "#ed017d",
    "Maroon": "#af3235",
    "Brown": "#792500",
}

_COLOUR_PARTS = {"rgb": 1, "RGB": 255, "gray": 1}


def table(*groups):
    """Return a dictionary from (names in one string, handler) pairs."""
    return {name: handler for names, handler in groups for name in names.split()}


def typst_colour(model, name):
    r"""Return a Typst colour, or raise TexError.

    Parameters
    ----------
    model : str or None
        As in ``\color[RGB]{...}``: "rgb", "RGB", "gray", "HTML" or "named".
    name : str
        A name, ``#rrggbb``, or the parts of the model.
    """
    value = None
    name = name.strip()
    if model in (None, "named"):
        value = colour(COLOURS.get(name, name))
    elif model == "HTML":
        value = colour(f"#{name}")
    elif model in _COLOUR_PARTS and re.fullmatch(r"[\d.,\s]{1,40}", name):
        parts = [part.strip() for part in name.split(",")] * (
            3 if model == "gray" else 1
        )
        if len(parts) == 3 and all(re.fullmatch(r"\d*\.?\d+", part) for part in parts):
            shares = [float(part) / _COLOUR_PARTS[model] for part in parts]
            if max(shares) <= 1:
                value = colour("#" + "".join(f"{round(255 * s):02x}" for s in shares))
    if value is None:
        raise TexError(f"unknown colour {name}")
    return value


# Fractions, roots, things above and below.


def _fraction(parser, name):
    if name == "cfrac":
        parser.optional_group()
    frac = f"frac({parser.argument()}, {parser.argument()})"
    form = {"dfrac": "display({})", "cfrac": "display({})", "tfrac": "inline({})"}
    return form.get(name, "{}").format(frac)


def _skewed(parser, name):
    return f'frac({parser.argument()}, {parser.argument()}, style: "skewed")'


def _binomial(parser, name):
    form = {"dbinom": "display({})", "tbinom": "inline({})"}.get(name, "{}")
    return form.format(f"binom({parser.argument()}, {parser.argument()})")


def _general_fraction(parser, name):
    left, right, line, style = (parser.raw_group().strip() for _ in range(4))
    above, below = parser.argument(), parser.argument()
    if style not in ("", "0", "1", "2", "3"):
        raise TexError(f"bad style {style} of \\genfrac")
    if line and length(line) == 0:
        body = INFIX["atop"].format(above, below)
    else:
        body = f"frac({above}, {below})"
    if left or right:
        left, right = (
            delimiter(Reader(mark or ".", {}, parent=parser)) for mark in (left, right)
        )
        parts = [side(left, "opening"), body, side(right, "closing")]
        body = f"lr({parser.join(parts)})"
    forms = {"0": "display({})", "1": "inline({})", "2": "script({})"}
    return forms.get(style, "sscript({})" if style else "{}").format(body)


def _root(parser, name):
    index = parser.optional_group()
    if index is None:
        return f"sqrt({parser.argument()})"
    return f"root({parser.convert_part(index) or EMPTY}, {parser.argument()})"


def _plain_root(parser, name):
    index = parser.sequence(lambda kind, value: (kind, value) == ("command", "of"))
    if parser.at_end():
        raise TexError("\\root without \\of")
    parser.next()
    return f"root({index or EMPTY}, {parser.argument()})"


def _stacked(parser, name):
    r"""Convert ``\overset``, ``\stackrel`` (above) and ``\underset`` (below)."""
    mark, base = parser.argument(), parser.argument()
    side = "b" if name == "underset" else "t"
    form = f"attach(limits({base}), {side}: {mark})"
    return f'class("relation", {form})' if name == "stackrel" else form


def _over_and_under(parser, name):
    above, below, base = parser.argument(), parser.argument(), parser.argument()
    return f"attach(limits({base}), t: {above}, b: {below})"


def _long_arrow(parser, name):
    below, above = parser.optional_group(), parser.argument()
    arrow = f"stretch({LONG_ARROWS[name]}, size: #(100% + 1em))"
    under = f", b: {parser.convert_part(below) or EMPTY}" if below else ""
    return f"attach(limits({arrow}), t: {above}{under})"


def _negated(parser, name):
    symbol = parser.argument()
    if symbol == FORMS["mid"]:
        return "∤"
    symbol = re.sub(r'^class\("\w+", (.*)\)$', r"\1", symbol).removeprefix("\\")
    joined = unicodedata.normalize("NFC", symbol + "\u0338")
    if len(joined) == 1:
        return escape(joined)
    return f"cancel({escape(symbol) if len(symbol) == 1 else symbol})"


def _cancel_to(parser, name):
    value, body = parser.argument(), parser.argument()
    return f"attach(cancel({body}), tr: → {value})"


def _sided(parser, name):
    r"""Convert ``\sideset{_a^b}{_c^d}\sum`` and ``\prescript{a}{b}{x}``."""
    if name == "prescript":
        above, below = parser.argument(), parser.argument()
        return f"attach({parser.argument()}, tl: {above}, bl: {below})"
    corners = []
    for hand in "lr":
        corner = type(parser)(parser.raw_group(), parser.macros, parent=parser)
        below, above, _ = corner.scripts()
        if not corner.at_end():
            raise TexError("\\sideset takes only indices and exponents")
        corners += [(f"t{hand}", above), (f"b{hand}", below)]
    base = parser.atom() or EMPTY
    below, above, limits = parser.scripts()
    if limits != "nolimits":
        base = f"limits({base})"
    corners += [("t", above), ("b", below)]
    marks = "".join(f", {place}: {mark}" for place, mark in corners if mark is not None)
    return f"attach({base}{marks})"


# Names, sizes and colours.


def _operator_name(parser, name):
    raw = parser.raw_group()
    letters = re.sub(r"\\[,;: ]", "\u2009", re.sub(r"(?<!\\)\s", "", raw))
    limits = "true" if name.endswith("*") else "false"
    if re.fullmatch(r"[\w\u2009*'.-]+", letters):
        return f"op({string(letters)}, limits: #{limits})"
    return f"op(upright({parser.convert_part(raw) or EMPTY}), limits: #{limits})"


def _dots(parser, name):
    """Convert dots, which stand higher between operators."""
    parser.expand()
    mark = SYMBOLS.get(parser.peek().value, parser.peek().value) or ""
    is_operator = mark == "-" or (len(mark) == 1 and unicodedata.category(mark) == "Sm")
    return "⋯" if is_operator else "…"


def _negative_space(parser, name):
    r"""Convert ``\!``; before ``\left`` it takes back what only TeX puts there."""
    return None if parser.peek() == ("command", "left") else FORMS["negthinspace"]


def _space(parser, name):
    return f"#h({parser.length():g}em)"


def _vertical_phantom(parser, name):
    if parser.whole.is_measured:
        # Typst would lay out the innermost twice for each one around it.
        raise TexError("\\vphantom inside \\vphantom")
    parser.whole.is_measured = True
    body = f"hide($ {parser.nested(parser.argument())} $)"
    parser.whole.is_measured = False
    return f"#context {{ let it = {body}; it + h(-measure(it).width) }}"


def _coloured(parser, name):
    fill = typst_colour(parser.optional_group(), parser.raw_group())
    return f"text(fill: #{fill}, {parser.argument()})"


def _colour_box(parser, name):
    stroke = ""
    if name == "fcolorbox":
        stroke = f"stroke: 0.5pt + {typst_colour(None, parser.raw_group())}, "
    fill = typst_colour(parser.optional_group(), parser.raw_group())
    body = text(parser, parser.raw_group())
    return f"#box({stroke}fill: {fill}, inset: 3pt, ${body}$)"


def _define_colour(parser, name):
    raise TexError("\\definecolor is not supported: write the colour where it is used")


# Tags, labels, lines.


def _tag(parser, name):
    label = parser.raw_group()
    if parser.whole.tag is not None:
        raise TexError("more than one \\tag")
    parser.whole.tag = label if name == "tag*" else f"({label})"


def _label(parser, name):
    parser.whole.labels.append(parser.raw_group())


def _reference(parser, name):
    return parser.reference(name, parser.raw_group())


def _skip_argument(parser, name):
    parser.raw_group()


def _new_line(parser, name):
    if name == "\\":
        line_skip(parser)
    return "\\ "


def line_skip(parser):
    r"""Take what may stand right behind ``\\``: a star and a length in brackets."""
    if parser.peek(skip_space=False) == Token("character", "*"):
        parser.next()
    extra = parser.optional_group(skip_space=False)
    if extra is not None:
        length(extra)


# Macros.


def _new_command(parser, name):
    macro = parser.command_name()
    count, default = (parser.optional_group() or "0").strip(), parser.optional_group()
    if not re.fullmatch("[0-9]", count) or (default is not None and count == "0"):
        raise TexError(f"bad number of arguments for \\{macro}")
    if name.startswith("provide") and macro in parser.macros:
        parser.raw_group()
        return
    parser.macros[macro] = Macro(int(count), parser.raw_group(), default)


def _declare_operator(parser, name):
    macro, body = parser.command_name(), parser.raw_group()
    star = "*" if name.endswith("*") else ""
    parser.macros[macro] = Macro(0, f"\\operatorname{star}{{{body}}}")


def _plain_define(parser, name):
    macro, count = parser.command_name(), 0
    while (token := parser.next(skip_space=False)) == Token("character", "#"):
        count += 1
        if parser.next(skip_space=False).value != str(count) or count > 9:
            raise TexError(f"bad arguments of \\{macro}")
    if token.kind == "space" and parser.peek() == Token("character", "{"):
        token = parser.next()
    if token != Token("character", "{"):
        raise TexError(f"\\def\\{macro} with marks between its arguments")
    parser.position -= 1
    parser.macros[macro] = Macro(count, parser.raw_group())


def _alias(parser, name):
    macro = parser.command_name()
    if parser.peek() == Token("character", "="):
        parser.next()
    token = parser.next()
    if token.kind != "command":
        parser.macros[macro] = Macro(0, token.value)
    else:
        known = parser.macro(token.value)
        parser.macros[macro] = Macro(*known) if known else Macro(None, token.value)


def _paired_delimiter(parser, name):
    macro, left, right = (parser.command_name(), parser.raw_group(), parser.raw_group())
    parser.macros[macro] = Macro(1, f"{left} {{#1}}{right} ")


COMMANDS = table(
    ("frac dfrac tfrac cfrac", _fraction),
    ("nicefrac sfrac", _skewed),
    ("binom dbinom tbinom", _binomial),
    ("genfrac", _general_fraction),
    ("sqrt", _root),
    ("root", _plain_root),
    ("overset stackrel underset", _stacked),
    ("overunderset", _over_and_under),
    (" ".join(LONG_ARROWS), _long_arrow),
    ("operatorname operatorname*", _operator_name),
    ("textcolor", _coloured),
    ("colorbox fcolorbox", _colour_box),
    ("definecolor", _define_colour),
    ("not", _negated),
    ("cancelto", _cancel_to),
    ("sideset prescript", _sided),
    ("dots", _dots),
    ("!", _negative_space),
    ("hspace hspace* mspace kern mkern hskip mskip", _space),
    ("vphantom", _vertical_phantom),
    ("tag tag*", _tag),
    ("label", _label),
    ("ref eqref", _reference),
    ("vspace vspace* require", _skip_argument),
    ("newcommand renewcommand providecommand", _new_command),
    ("newcommand* renewcommand* providecommand*", _new_command),
    ("DeclareMathOperator DeclareMathOperator*", _declare_operator),
    ("DeclarePairedDelimiter", _paired_delimiter),
    ("def gdef", _plain_define),
    ("let", _alias),
    ("\\ cr", _new_line),
)
