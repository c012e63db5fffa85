r"""Reading LaTeX: tokens, groups, lengths and the macros of a notebook."""

import re
from contextlib import contextmanager
from typing import NamedTuple

from utils.pdf import texsymbols

# Longer ones are no formulas, and would hold up the export.
MAX_SOURCE = 20_000
# Characters that the macros of one formula may expand to: a few lines that double
# each other would fill all memory.
MAX_EXPANSION = 20_000
# Groups and arguments inside each other.
MAX_DEPTH = 60
# Lengths in points beyond which they are a mistake.
LONGEST = 1000

_TOKEN = re.compile(
    r"\\(?P<command>[A-Za-z]+\*?|.|\n)"
    r"|(?P<comment>%[^\n]*\n?)|(?P<space>\s+)|(?P<character>.)",
    re.DOTALL,
)
_LENGTH = re.compile(r"\s*([+-]?)\s*(\d*\.?\d+|\d+\.)\s*([a-z]{2})\s*")
# Points, at a size of ten points.
_UNITS = {
    "em": 10.0,
    "ex": 4.3,
    "mu": 10 / 18,
    "pt": 1.0,
    "bp": 1.0,
    "px": 0.75,
    "pc": 12.0,
    "mm": 2.85,
    "cm": 28.5,
    "in": 72.3,
}


class TexError(ValueError):
    """A formula that cannot be converted; the message says why."""


class Token(NamedTuple):
    """One piece of LaTeX; kind is command, character, space, or None at the end."""

    kind: str | None
    value: str | None


class Macro(NamedTuple):
    r"""What a notebook defined; an alias (``\let``) of a command has no count."""

    count: int | None
    body: str
    default: str | None = None


END = Token(None, None)
OPEN, CLOSE = Token("character", "{"), Token("character", "}")
LEFT_BRACKET, RIGHT_BRACKET = Token("character", "["), Token("character", "]")


def tokens(source):
    """Split LaTeX into tokens; comments vanish, white space becomes one space."""
    found = []
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup
        if kind == "space":
            found.append(Token("space", " "))
        elif kind != "comment":
            value = match[kind]
            if (kind, value) == ("character", "\\"):
                raise TexError("a backslash at the end")
            is_starred = kind == "command" and value[-1] == "*" and len(value) > 1
            if is_starred and value[:-1] not in texsymbols.STARRED:
                found += [Token("command", value[:-1]), Token("character", "*")]
            else:
                found.append(Token(kind, value))
    return found


def spelled(token):
    """Return the LaTeX of a token."""
    if token.kind != "command":
        return token.value
    # The space keeps \alpha from growing into the letters behind it.
    is_word = token.value.rstrip("*")[-1:].isalpha()
    return f"\\{token.value} " if is_word else f"\\{token.value}"


def length(source):
    """Return a LaTeX length in em."""
    match = _LENGTH.fullmatch(source)
    if match is None or match[3] not in _UNITS:
        raise TexError(f"bad length {source.strip()[:20] or '(none)'}")
    points = float(match[2]) * _UNITS[match[3]]
    if points > LONGEST:
        raise TexError(f"length {source.strip()[:20]} is too large")
    return round(float(match[1] + "1") * points / 10, 3)


class Reader:
    """Walks along the tokens of a formula, or of a part of it.

    A part is read by a reader of its own; ``whole`` is that of the formula, which
    counts what is bounded for all of it.

    Parameters
    ----------
    source : str
        LaTeX.
    macros : dict
        Name to `Macro`; definitions are added to it.
    parent : Reader, optional
        The reader of the formula that this is a part of.
    """

    def __init__(self, source, macros, parent=None):
        if len(source) > MAX_SOURCE:
            raise TexError(f"longer than {MAX_SOURCE} characters")
        self.whole = parent.whole if parent else self
        self.macros = macros
        self.tokens = tokens(source)
        self.position = 0
        self.depth = self.expanded = 0

    @contextmanager
    def deeper(self):
        """Count one more level of nesting."""
        self.whole.depth += 1
        if self.whole.depth > MAX_DEPTH:
            raise TexError("macros or groups nested too deeply")
        yield
        self.whole.depth -= 1

    def peek(self, skip_space=True):
        """Return the next token without taking it."""
        position = self._after_space() if skip_space else self.position
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

    # What commands take.

    def raw_group(self):
        """Take ``{...}`` and return the LaTeX inside it."""
        if self.peek() != OPEN:
            return spelled(self.next())
        self.next()
        return self._raw_until(CLOSE)

    def optional_group(self, skip_space=True):
        """Take ``[...]`` and return the LaTeX inside it; None if there is none."""
        if self.peek(skip_space) != LEFT_BRACKET:
            return None
        self.next()
        return self._raw_until(RIGHT_BRACKET)

    def _raw_until(self, closing):
        depth, out = 0, []
        while True:
            token = self.next(skip_space=False)
            if token == closing and depth == 0:
                return "".join(out)
            depth += (token == OPEN) - (token == CLOSE)
            out.append(spelled(token))

    def length(self):
        r"""Take a length, in braces or not (``\kern3mu``), in em."""
        if self.peek() == OPEN:
            return length(self.raw_group())
        out = ""
        while not out[-2:].isalpha():
            out += self.next().value
            if len(out) > 12:
                raise TexError(f"bad length {out}")
        return length(out)

    def command_name(self):
        r"""Take the name of a command to define, as ``\x`` or ``{\x}``."""
        name = self.raw_group().strip()
        found = tokens(name)
        if len(found) != 1 or found[0].kind != "command":
            raise TexError(f"{name or 'nothing'} is no command to define")
        return found[0].value

    # Macros.

    def macro(self, name):
        """Return the macro of a name, or None."""
        return self.macros.get(name) or texsymbols.BUILT_IN_MACROS.get(name)

    def expand(self):
        """Replace a macro that stands next by what it means, until none does."""
        while self.peek().kind == "command":
            macro = self.macro(self.peek().value)
            if macro is None or macro.count is None:
                return
            name = self.next().value
            self.tokens[: self.position] = self._expansion(name, Macro(*macro))
            self.position = 0

    def unit(self, name):
        """Return the LaTeX of a macro whose name has been taken."""
        return "".join(map(spelled, self._expansion(name, Macro(*self.macro(name)))))

    def _expansion(self, name, macro):
        values = []
        if macro.default is not None:
            given = self.optional_group()
            values.append(macro.default if given is None else given)
        values += [self.raw_group() for _ in range(macro.count - len(values))]
        # At most so long; counted before it is made.
        longest = max(map(len, values), default=0)
        self.whole.expanded += 1 + len(macro.body) + macro.body.count("#") * longest
        if self.whole.expanded > MAX_EXPANSION:
            raise TexError("macros expand to too much")
        values = [tokens(value) for value in values]
        out, body = [], iter(tokens(macro.body))
        for token in body:
            if token != Token("character", "#"):
                out.append(token)
                continue
            number = next(body, END).value or ""
            if number not in "123456789" or not 1 <= int(number or 0) <= len(values):
                raise TexError(f"\\{name} has no argument #{number}")
            out += values[int(number) - 1]
        return out
