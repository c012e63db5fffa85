r"""LaTeX math to Typst math, strictly: it never guesses.

Whatever is not known raises `TexError`, so that the caller prints the LaTeX
source in a marked box with a note, and not a wrong formula.  Symbols stand in
`utils.pdf.texsymbols`, commands with arguments in `utils.pdf.texcommands`,
``\left`` and ``\begin`` in `utils.pdf.texdelimiters` and
`utils.pdf.texenvironments`.
"""

import re
import unicodedata
from typing import NamedTuple

from utils.pdf import texcommands, texdelimiters, texenvironments, texsymbols
from utils.pdf.texcommands import typst_colour
from utils.pdf.texreader import CLOSE, OPEN, Macro, Reader, TexError, Token
from utils.pdf.texsymbols import EMPTY, symbol
from utils.pdf.textext import TEXT_STYLES, text, text_command
from utils.pdf.typst_source import string

__all__ = ["Formula", "TexError", "convert"]

_COMMANDS = {
    **texcommands.COMMANDS,
    **texdelimiters.COMMANDS,
    **texenvironments.COMMANDS,
    **dict.fromkeys(TEXT_STYLES, text_command),
}

# One display environment, perhaps with a label, a tag or a full stop behind it.
_ONE_ENVIRONMENT = re.compile(
    r"(?:\\label\{[^}]*\}\s*)?\\begin\{(?P<name>[a-z]+\*?)\}.*\\end\{(?P=name)\}"
    r"(?:\\tag\*?\{[^}]*\}|\\label\{[^}]*\}|\\[,;!]|[.,;]|\s)*",
    re.DOTALL,
)


class Formula(NamedTuple):
    """A converted formula: Typst math, and the text of its tag (or None)."""

    markup: str
    tag: str | None


def convert(source, macros=None):
    r"""Convert the inside of ``$...$`` to Typst math.

    Parameters
    ----------
    source : str
        LaTeX without its dollar signs, or a whole display environment.
    macros : dict, optional
        What ``\newcommand`` has defined so far; new definitions are added to it.
        As in LaTeX itself, the label of a tagged formula is one of them.

    Returns
    -------
    Formula

    Raises
    ------
    TexError
        If anything in ``source`` is unknown or malformed.
    """
    macros = {} if macros is None else macros
    try:
        parser = Parser(source.strip(), macros)
        markup = parser.sequence(lambda kind, value: False)
    except RecursionError:
        raise TexError("macros or groups nested too deeply") from None
    parser.define_labels()
    tag = parser.tag
    if tag is not None and re.search(r"[\\$]", tag):
        # The margin takes only plain text: such a tag follows the formula.
        markup, tag = f"{markup} #h(2em) {text(parser, tag)}", None
    return Formula(markup, tag)


class Parser(Reader):
    """Reads one formula from left to right; every method returns Typst math."""

    def __init__(self, source, macros, parent=None):
        super().__init__(source, macros, parent)
        self.tag = None
        self.labels = []
        self.scripts_deep = 0
        self.is_measured = False
        match = None if parent else _ONE_ENVIRONMENT.fullmatch(source)
        # Only then may Typst's own alignment points be used.
        self.is_one_environment = (
            match is not None
            and match["name"] in texsymbols.ALIGNED
            and source.count("\\begin{" + match["name"] + "}") == 1
        )

    # Tags and labels belong to the whole formula.

    def define_labels(self):
        r"""Let ``\ref`` know the labels of the tag read last."""
        for label in self.whole.labels:
            if self.whole.tag is not None:
                self.macros[f"r@{label}"] = Macro(0, self.whole.tag)
        self.whole.labels.clear()

    def reference(self, name, label):
        r"""Convert ``\ref`` or ``\eqref`` to a label whose tag stands above."""
        macro = self.macros.get(f"r@{label}")
        if macro is None:
            raise TexError(f"no formula above with \\label{{{label}}} and a \\tag")
        tag = macro.body
        if name == "ref" and tag[:1] + tag[-1:] == "()":
            tag = tag[1:-1]
        return text(self, tag)

    # Converting.

    def convert_part(self, source):
        """Convert LaTeX that belongs to this formula (a macro, an index ...)."""
        parser = Parser(source, self.macros, parent=self)
        return parser.sequence(lambda kind, value: False)

    def group(self):
        """Convert ``{...}``, whose brace has been taken."""
        markup = self.sequence(lambda kind, value: (kind, value) == CLOSE)
        if self.at_end():
            raise TexError("missing }")
        self.next()
        return markup

    def argument(self):
        """Convert one argument: a group, a digit or a single atom."""
        token = self.peek()
        if token == CLOSE or (token.kind == "command" and token.value in _SEPARATORS):
            raise TexError("missing argument")
        if token.kind == "character" and token.value.isdigit():
            return self.next().value
        with self.deeper():
            if token == OPEN:
                self.next()
                return self.group() or EMPTY
            return self.atom() or EMPTY

    def sequence(self, stop):
        """Convert everything up to the first token for which ``stop`` is true."""
        parts = []
        with self.deeper():
            while True:
                self.expand()
                kind, value = self.peek()
                if kind is None or stop(kind, value):
                    break
                if (kind, value) == CLOSE:
                    raise TexError("unbalanced }")
                if kind == "command" and value in texsymbols.SWITCHES:
                    self.next()
                    rest = self.sequence(stop) or EMPTY
                    parts.append(texsymbols.SWITCHES[value].format(rest))
                elif kind == "command" and value == "color":
                    self.next()
                    fill = typst_colour(self.optional_group(), self.raw_group())
                    rest = self.sequence(stop) or EMPTY
                    parts.append(f"text(fill: #{fill}, {rest})")
                elif kind == "command" and value in texsymbols.INFIX:
                    parts = [self._infix(self.join(parts), stop)]
                else:
                    parts.append(self.with_scripts())
        return self.join(parts)

    def _infix(self, above, stop):
        r"""Convert ``a \over b``, which takes all of its group."""
        form = texsymbols.INFIX[self.next().value]
        below = self.sequence(
            lambda kind, value: (
                stop(kind, value) or (kind == "command" and value in texsymbols.INFIX)
            )
        )
        if self.peek().kind == "command" and self.peek().value in texsymbols.INFIX:
            raise TexError(f"two fractions in one group: \\{self.peek().value}")
        return form.format(above or EMPTY, below or EMPTY)

    @staticmethod
    def join(parts):
        """Write parts side by side so that Typst still reads them apart."""
        out = ""
        for part in filter(None, parts):
            # Only where it must: beside text, Typst prints a space as such.
            if out and _in_word(out[-1]) and _in_word(part[0]):
                out += " "
            out += part
        return out

    def with_scripts(self):
        """Convert one atom with its indices, exponents and primes."""
        if self.peek() in [Token("character", c) for c in "^_'"]:
            base = EMPTY
        else:
            base = self.atom()
        below, above, limits = self.scripts()
        if base is None:
            if below is not None or above is not None:
                raise TexError("an index without a symbol")
            return None
        if limits:
            base = f"{'limits' if limits == 'limits' else 'scripts'}({base})"
        if base.startswith(_BELOW):
            if below is not None:
                base, below = f"{base[:-1]}, {below})", None
        if base.startswith(_ABOVE):
            if above is not None:
                base, above = f"{base[:-1]}, {above})", None
        if below is None and above is None:
            return base
        if base.startswith(_BELOW + _ABOVE):
            base = f"limits({base})"  # as in TeX, on the other side of the brace
        low = "" if below is None else f", b: {below}"
        high = "" if above is None else f", t: {above}"
        return f"attach({base}{low}{high})"

    def scripts(self):
        r"""Read indices, exponents, primes and ``\limits`` behind an atom."""
        below = above = limits = None
        primes = 0
        while True:
            self.expand()
            kind, value = self.peek()
            if kind == "command" and value in ("limits", "nolimits"):
                limits = self.next().value
            elif (kind, value) == ("character", "_"):
                self.next()
                if below is not None:
                    raise TexError("double subscript")
                below = self._script()
            elif kind == "character" and value in texsymbols.SUBSCRIPTS:
                if below is not None:
                    raise TexError("double subscript")
                below = self._typed_scripts(texsymbols.SUBSCRIPTS)
            elif kind == "character" and value in texsymbols.SUPERSCRIPTS:
                if above is not None:
                    raise TexError("double superscript")
                above = self._typed_scripts(texsymbols.SUPERSCRIPTS)
            elif (kind, value) == ("character", "^"):
                self.next()
                if self.peek() == ("command", "prime"):
                    self.next()
                    primes += 1
                elif above is not None:
                    raise TexError("double superscript")
                else:
                    above = self._script()
            elif (kind, value) == ("character", "'"):
                self.next()
                if above is not None:
                    raise TexError("double superscript: a prime behind an exponent")
                primes += 1
            else:
                break
        if primes:
            above = "′" * primes + (f" {above}" if above else "")
        return below, above, limits

    def _script(self):
        self.whole.scripts_deep += 1
        markup = self.argument()
        self.whole.scripts_deep -= 1
        return markup

    def _typed_scripts(self, table):
        """Convert indices or exponents that are characters, as in x₁²."""
        source = table[self.next().value]
        while (token := self.peek(skip_space=False)).kind == "character":
            if token.value not in table:
                break
            source += table[self.next(skip_space=False).value]
        return self.convert_part(source)

    def cell_style(self):
        """Return the style of a matrix's cells here."""
        return "script" if self.whole.scripts_deep else "inline"

    def nested(self, markup):
        """Return markup for a formula of its own (``$...$``) at this place."""
        return f"script({markup})" if self.whole.scripts_deep else markup

    def atom(self):
        """Convert one symbol, number, group or command; None if it prints nothing."""
        kind, value = self.next()
        if (kind, value) == OPEN:
            return _ordinary(self.group()) or EMPTY
        if (kind, value) == CLOSE:
            raise TexError("missing argument")
        return self.command(value) if kind == "command" else self.character(value)

    def character(self, value):
        """Convert a character that is no command."""
        if value.isdecimal() and value.isascii():
            return self._number(value)
        if value in "&#$^_":
            raise TexError(f"misplaced {value}")
        if value in _CHARACTERS:
            return _CHARACTERS[value]
        return string(value) if _is_foreign_letter(value) else symbol(value)

    def _number(self, digits):
        digits += self._digits()
        point = self.tokens[self.position : self.position + 2]
        if len(point) == 2 and point[0].value == "." and _is_digit(point[1]):
            self.next(skip_space=False)
            digits += "." + self._digits()
        return digits

    def _digits(self):
        digits = ""
        while _is_digit(self.peek(skip_space=False)):
            digits += self.next(skip_space=False).value
        return digits

    def command(self, name):
        """Convert a command whose name has been taken."""
        macro = self.macro(name)
        if macro and macro[0] is not None:
            return self.convert_part(self.unit(name)) or None
        name = macro[1] if macro else name
        if name in _COMMANDS:
            return _COMMANDS[name](self, name)
        if name in texsymbols.FORMS:
            return texsymbols.FORMS[name]
        if name in texsymbols.SYMBOLS:
            return symbol(texsymbols.SYMBOLS[name])
        if name in texsymbols.NESTED:
            return texsymbols.NESTED[name].format(self.nested(self.argument()))
        if name in texsymbols.WRAPPERS:
            return texsymbols.WRAPPERS[name].format(self.argument())
        if name in texsymbols.IGNORED:
            return None
        if name in _SEPARATORS:
            raise TexError(f"misplaced \\{name}")
        raise TexError(f"unknown command \\{name}")


# What ends an argument, and is an error anywhere else.
_SEPARATORS = frozenset(
    ("\\", "cr", "end", "right", "middle", "hline", "hdotsfor", *texsymbols.INFIX)
)

# These take their label as an argument.
_BELOW = ("underbrace(", "underbracket(", "underparen(")
_ABOVE = ("overbrace(", "overbracket(", "overparen(")

_CHARACTERS = {
    "~": texsymbols.WORD_SPACE,
    "-": "−",
    "*": "∗",
    "|": 'class("normal", |)',
}


def _in_word(character):
    """Return whether Typst may read a character as part of a name or number."""
    return character.isalnum() or f"a{character}".isidentifier()


def _is_digit(token):
    return token.kind == "character" and token.value.isascii() and token.value.isdigit()


def _ordinary(markup):
    """Close a group: what stands around it does not see what is inside."""
    inside = markup.replace("\\", "")
    ends = inside[:1] + inside[-1:]
    is_open = any(unicodedata.category(c) == "Sm" or c in "∗.,;:!" for c in ends)
    if is_open or markup.startswith(("attach(", *_BELOW, *_ABOVE)):
        return f'class("normal", {markup})'
    return markup


def _is_foreign_letter(character):
    """Return whether a character must be set as text: no math font has it."""
    if ord(character) < 128 or 0x1D400 <= ord(character) <= 0x1D7FF:
        return False
    wide = unicodedata.east_asian_width(character) in "WF"
    kind = unicodedata.category(character)
    if kind in ("Cn", "Co"):
        # Unknown to Python; Typst may know it as a letter.
        return True
    letter = kind[0] in "LSMN"
    return letter and (wide or ord(character) > 0x2E00)
