r"""Text inside formulas: ``\text{...}`` and its kin."""

import re
import unicodedata

from utils.pdf import texsymbols
from utils.pdf.texreader import CLOSE, OPEN, Reader, TexError, Token
from utils.pdf.texsymbols import EMPTY, WORD_SPACE
from utils.pdf.typst_source import string

# What encloses text, characters, accents.
TEXT_STYLES = {
    **dict.fromkeys("text textrm textnormal mbox hbox textup fbox".split()),
    **{"textbf": "bold", "textit": "italic", "textsl": "italic", "emph": "italic"},
    **{"texttt": "mono", "textsf": "sans"},
}
TEXT_CHARACTERS = {
    **{character: character for character in "{}$%&#_"},
    **{"textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^"},
    **{"dots": "…", "ldots": "…", "textellipsis": "…", "S": "§", "P": "¶"},
    **{"ss": "ß", "ae": "æ", "oe": "œ", "aa": "å", "o": "ø", "l": "ł"},
    **{"AE": "Æ", "OE": "Œ", "AA": "Å", "O": "Ø", "L": "Ł"},
    **{"textdegree": "°", "textmu": "µ", "texteuro": "€", "copyright": "©"},
    **{"textendash": "–", "textemdash": "—"},
    **{"textless": "<", "textgreater": ">", "textbar": "|", "/": ""},
}
TEXT_ACCENTS = {
    **{"'": "\u0301", "`": "\u0300", "^": "\u0302", '"': "\u0308", "~": "\u0303"},
    **{"=": "\u0304", ".": "\u0307", "c": "\u0327", "v": "\u030c", "u": "\u0306"},
    **{"r": "\u030a", "H": "\u030b", "k": "\u0328"},
}

_DOLLAR = Token("character", "$")
_LIGATURES = [("``", "“"), ("''", "”"), ("`", "‘"), ("'", "’")]
_LIGATURES += [("---", "—"), ("--", "–")]


def text(parser, raw, styles=frozenset()):
    """Convert text, which may hold ``$math$`` again.

    Parameters
    ----------
    parser : utils.pdf.texmath.Parser
        Whoever converts the formulas inside.
    raw : str
        LaTeX of text mode.
    styles : frozenset of str
        Among "bold", "italic", "mono" and "sans".

    Returns
    -------
    str
        Typst math.
    """
    return _converted(parser, Reader(raw, {}, parent=parser), styles) or EMPTY


def text_command(parser, name):
    r"""Convert ``\text{...}``, ``\textbf{...}`` and so on."""
    return _styled(parser, name, parser.raw_group(), frozenset())


def _styled(parser, name, raw, styles):
    with parser.deeper():
        body = text(parser, raw, styles | ({TEXT_STYLES[name]} - {None}))
    if name == "fbox":
        return f"#box(stroke: 0.5pt, inset: 3pt, ${body}$)"
    return body


def _converted(parser, reader, styles):
    out, words = [], ""
    while (token := reader.peek(skip_space=False)).kind is not None:
        reader.next(skip_space=False)
        found = _piece(parser, reader, token, styles)
        if isinstance(found, tuple):
            out += [*_plain(words, styles), *found]
            words = ""
        else:
            words += found
    return parser.join([*out, *_plain(words, styles)])


def _piece(parser, reader, token, styles):
    """Return a string of text, or a tuple of Typst math."""
    if token == _DOLLAR or token == ("command", "("):
        closing = _DOLLAR if token == _DOLLAR else Token("command", ")")
        return (parser.convert_part(reader._raw_until(closing)) or EMPTY,)
    if token in (OPEN, CLOSE):
        return ""
    if token.kind != "command":
        return "\u00a0" if token.value == "~" else token.value
    name = token.value
    if name in TEXT_CHARACTERS:
        if name.isalpha():
            _skip_space(reader)
        return TEXT_CHARACTERS[name]
    if name in TEXT_ACCENTS:
        return _accented(reader, TEXT_ACCENTS[name])
    if name in texsymbols.SPACES:
        return (texsymbols.SPACES[name],)
    if name in TEXT_STYLES:
        return (_styled(parser, name, reader.raw_group(), styles),)
    if name in ("ref", "eqref"):
        return (parser.reference(name, reader.raw_group()),)
    raise TexError(f"command inside \\text: \\{name}")


def _skip_space(reader):
    if reader.peek(skip_space=False).kind == "space":
        reader.next(skip_space=False)


def _accented(reader, mark):
    letter = reader.raw_group().strip()
    if letter in (r"\i", r"\j"):
        _skip_space(reader)
    letter = {r"\i": "i", r"\j": "j"}.get(letter, letter)
    joined = unicodedata.normalize("NFC", letter + mark)
    if len(joined) != 1:
        raise TexError(f"no accent fits {letter or 'nothing'}")
    return joined


def _plain(words, styles):
    """Return literal words; spaces at their ends must not be lost."""
    for written, meant in _LIGATURES:
        words = words.replace(written, meant)
    if not words:
        return []
    inner = re.sub("[ \u00a0]+", lambda match: match[0][:1], words).strip(" \u00a0")
    if not inner:
        return [WORD_SPACE]
    shape = "italic" if "italic" in styles else "upright"
    form = f"math.{shape}({string(inner)})"
    for style in sorted(styles - {"italic"}):
        form = f"math.{style}({form})"
    # Code, as it needs no space to be told from a letter in front of it.
    parts = [f"#{form}"]
    if words[0] in " \u00a0":
        parts.insert(0, WORD_SPACE)
    if words[-1] in " \u00a0":
        parts.append(WORD_SPACE)
    return parts
