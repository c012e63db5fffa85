"""LaTeX math to Typst math, strictly: it never guesses.

Whatever is not known raises `TexError`, so that the caller prints the LaTeX
source in a marked box with a note, and not a wrong formula.  Symbols and
commands stand in `utils.pdf.texsymbols` and `utils.pdf.texcommands`.
"""

import re
import unicodedata
from typing import NamedTuple

from utils.pdf import texsymbols
from utils.pdf.texcommands import COMMANDS, EMPTY, TexError, escape, typst_colour
from utils.pdf.typst_source import string

__all__ = ["Formula", "TexError", "convert"]

MAX_DEPTH = 60
# Characters that the macros of one formula may expand to: a few lines that double
# each other would fill all memory.
MAX_EXPANSION = 20_000

_TOKEN = re.compile(
    r"\\(?P<command>[A-Za-z]+\*?|.|\n)"
    r"|(?P<comment>%[^\n]*\n?)|(?P<space>\s+)|(?P<character>.)",
    re.DOTALL,
)

# One display environment, perhaps with a label, a tag or a full stop behind it.
_ONE_ENVIRONMENT = re.compile(
    r"(?:\\label\{[^}]*\}\s*)?\\begin\{(?P<name>[a-z*]+)\}.*\\end\{(?P=name)\}\s*"
    r"(?:\\tag\*?\{[^}]*\}|\\label\{[^}]*\}|\\[,;!]|[.,;]|\s)*",
    re.DOTALL,
)


class Formula(NamedTuple):
    """A converted formula: Typst math, and the text of its tag (or None)."""

    markup: str
    tag: str | None


class Token(NamedTuple):
    """One piece of LaTeX; kind is command, character, space, or None at the end."""

    kind: str | None
    value: str | None


END = Token(None, None)
OPEN, CLOSE = Token("character", "{"), Token("character", "}")


def convert(source, macros=None):
    r"""Convert the inside of ``$...$`` to Typst math.

    Parameters
    ----------
    source : str
        LaTeX without its dollar signs, or a whole display environment.
    macros : dict, optional
        What ``\newcommand`` has defined so far; new definitions are added to it.

    Returns
    -------
    Formula

    Raises
    ------
    TexError
        If anything in ``source`` is unknown or malformed.
    """
    parser = Parser(source.strip(), {} if macros is None else macros)
    markup = parser.sequence(lambda kind, value: False)
    return Formula(markup, parser.tag)


def tokens(source):
    """Split LaTeX into tokens; comments vanish, white space becomes one space."""
    found = []
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup
        if kind == "space":
            found.append(Token("space", " "))
        elif kind != "comment":
            value = match[kind]
            if kind == "command" and value.endswith("*") and value not in COMMANDS:
                found += [Token("command", value[:-1]), Token("character", "*")]
            else:
                found.append(Token(kind, value))
    return found


class Parser:
    """Reads one formula from left to right; every method returns Typst math.

    A part of a formula is read by a parser of its own; ``whole`` is that of the
    formula.
    """

    def __init__(self, source, macros, parent=None):
        self.whole = parent.whole if parent else self
        self.depth = parent.depth + 1 if parent else 0
        if self.depth > MAX_DEPTH:
            raise TexError("macros or groups nested too deeply")
        self.tokens = tokens(source)
        self.position = 0
        self.macros = macros
        self.expanded = 0
        self.tag = None
        match = _ONE_ENVIRONMENT.fullmatch(source)
        # Only then may Typst's own alignment points be used.
        self.is_one_environment = (
            parent is None
            and match is not None
            and match["name"] in texsymbols.ALIGNED
            and source.count("\\begin{" + match["name"] + "}") == 1
        )

    # Moving along the tokens.

    def peek(self, skip_space=True):
        """Return the next token without taking it."""
        position = self.position
        if skip_space:
            position = self._after_space()
        return self.tokens[position] if position < len(self.tokens) else END

    def next(self, skip_space=True):
        """Take the next token."""
        if skip_space:
            self.position = self._after_space()
        if self.position >= len(self.tokens):
            raise TexError("unexpected end of formula")
        self.position += 1
        return self.tokens[self.position - 1]

    def at_end(self):
        """Return whether only white space is left."""
        return self.peek() == END

    def _after_space(self):
        position = self.position
        while position < len(self.tokens) and self.tokens[position].kind == "space":
            position += 1
        return position

    def raw_group(self):
        """Take ``{...}`` and return the LaTeX inside it."""
        if self.peek() != OPEN:
            return _spelled(self.next())
        self.next()
        return self._raw_until(CLOSE)

    def optional_group(self):
        """Take ``[...]`` and return the LaTeX inside it; None if there is none."""
        if self.peek() != Token("character", "["):
            return None
        self.next()
        return self._raw_until(Token("character", "]"))

    def _raw_until(self, closing):
        depth, out = 0, []
        while True:
            token = self.next(skip_space=False)
            if token == closing and depth == 0:
                return "".join(out)
            depth += (token == OPEN) - (token == CLOSE)
            out.append(_spelled(token))

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
        if token == OPEN:
            self.next()
            return self.group() or EMPTY
        if token.kind == "character" and token.value.isdigit():
            return self.next().value
        return self.atom() or EMPTY

    def sequence(self, stop):
        """Convert everything up to the first token for which ``stop`` is true."""
        parts = []
        while True:
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
                fill = typst_colour(self.raw_group())
                parts.append(f"text(fill: #{fill}, {self.sequence(stop) or EMPTY})")
            elif kind == "command" and value in ("over", "choose"):
                self.next()
                form = "binom({}, {})" if value == "choose" else "frac({}, {})"
                above, below = self.join(parts), self.sequence(stop)
                parts = [form.format(above or EMPTY, below or EMPTY)]
            else:
                parts.append(self.with_scripts())
        return self.join(part for part in parts if part)

    @staticmethod
    def join(parts):
        """Write parts side by side so that Typst still reads them apart."""
        out = ""
        for part in parts:
            if out and (_in_word(out[-1]) or out[-1] in ")."):
                if _in_word(part[0]) or part[0] in "(.#":
                    out += " "
            out += part
        return out

    def with_scripts(self):
        """Convert one atom with its indices, exponents and primes."""
        if self.peek() in [Token("character", c) for c in "^_'"]:
            base = EMPTY
        else:
            base = self.atom()
        below, above, limits = self._scripts()
        if base is None:
            return None
        if limits:
            base = f"{'limits' if limits == 'limits' else 'scripts'}({base})"
        if base.startswith(("underbrace(", "underbracket(")) and below is not None:
            base, below = f"{base[:-1]}, {below})", None
        if base.startswith(("overbrace(", "overbracket(")) and above is not None:
            base, above = f"{base[:-1]}, {above})", None
        if below is None and above is None:
            return base
        low = "" if below is None else f", b: {below}"
        high = "" if above is None else f", t: {above}"
        return f"attach({base}{low}{high})"

    def _scripts(self):
        below = above = limits = None
        primes = 0
        while True:
            kind, value = self.peek()
            if kind == "command" and value in ("limits", "nolimits"):
                limits = self.next().value
            elif (kind, value) == ("character", "_"):
                self.next()
                if below is not None:
                    raise TexError("double subscript")
                below = self.argument()
            elif (kind, value) == ("character", "^"):
                self.next()
                if self.peek() == ("command", "prime"):
                    self.next()
                    primes += 1
                elif above is not None:
                    raise TexError("double superscript")
                else:
                    above = self.argument()
            elif (kind, value) == ("character", "'"):
                self.next()
                primes += 1
            else:
                break
        if primes:
            above = "′" * primes + (f" {above}" if above else "")
        return below, above, limits

    def atom(self):
        """Convert one symbol, number, group or command; None if it prints nothing."""
        kind, value = self.next()
        if (kind, value) == OPEN:
            return self.group() or None
        return self.command(value) if kind == "command" else self.character(value)

    def character(self, value):
        """Convert a character that is no command."""
        if value.isdigit():
            return self._number(value)
        if value in "&#$":
            raise TexError(f"misplaced {value}")
        if value in _CHARACTERS:
            return _CHARACTERS[value]
        if value in texsymbols.TYPST_SPECIAL:
            return escape(value)
        return string(value) if _is_foreign_letter(value) else value

    def _number(self, digits):
        digits += self._digits()
        point = self.tokens[self.position : self.position + 2]
        if len(point) == 2 and point[0].value == "." and point[1].value.isdigit():
            self.next(skip_space=False)
            digits += "." + self._digits()
        return digits

    def _digits(self):
        digits = ""
        while (token := self.peek(skip_space=False)).kind == "character":
            if not token.value.isdigit():
                break
            digits += self.next(skip_space=False).value
        return digits

    def command(self, name):
        """Convert a command whose name has been taken."""
        if name in self.macros:
            return self.convert_part(self._expand(name)) or None
        if name in COMMANDS:
            return COMMANDS[name](self, name)
        if name in texsymbols.SPACES:
            return texsymbols.SPACES[name]
        if name in texsymbols.BAR_CLASSES:
            bar = texsymbols.SYMBOLS[name]
            return f'class("{texsymbols.BAR_CLASSES[name]}", {bar})'
        if name == "mid":
            return 'class("relation", |)'
        if name in texsymbols.SYMBOLS:
            return escape(texsymbols.SYMBOLS[name])
        if name in texsymbols.LIMITS:
            return f"op({string(texsymbols.LIMITS[name])}, limits: #true)"
        if name in texsymbols.FUNCTIONS:
            return f"op({string(name)})"
        if name in texsymbols.ACCENTS:
            mark = ord(texsymbols.ACCENTS[name])
            return f"accent({self.argument()}, \\u{{{mark:x}}})"
        if name in texsymbols.WRAPPERS:
            return texsymbols.WRAPPERS[name].format(self.argument())
        if name in texsymbols.IGNORED:
            return None
        raise TexError(f"unknown command \\{name}")

    def _expand(self, name):
        count, body = self.macros[name]
        values = [self.raw_group() for _ in range(count)]
        # At most so long; counted before it is made.
        longest = max(map(len, values), default=0)
        self.whole.expanded += 1 + len(body) + body.count("#") * longest
        if self.whole.expanded > MAX_EXPANSION:
            raise TexError("macros expand to too much")

        def value(match):
            number = int(match[1])
            if not 1 <= number <= count:
                raise TexError(f"\\{name} has no argument #{number}")
            return values[number - 1]

        return re.sub(r"#(\d)", value, body)


_CHARACTERS = {
    "~": texsymbols.WORD_SPACE,
    "-": "−",
    "*": "∗",
    "|": 'class("normal", |)',
}


def _in_word(character):
    """Return whether Typst may read a character as part of a name or number."""
    return character.isalnum() or f"a{character}".isidentifier()


def _spelled(token):
    if token.kind != "command":
        return token.value
    # The space keeps \alpha from growing into the letters behind it.
    return f"\\{token.value} " if token.value[-1:].isalpha() else f"\\{token.value}"


def _is_foreign_letter(character):
    """Return whether a character must be set as text: no math font has it."""
    if ord(character) < 128 or 0x1D400 <= ord(character) <= 0x1D7FF:
        return False
    wide = unicodedata.east_asian_width(character) in "WF"
    letter = unicodedata.category(character)[0] in "LSMN"
    return letter and (wide or ord(character) > 0x2E00)
