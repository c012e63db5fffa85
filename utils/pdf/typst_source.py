"""Writing Typst source: the few forms everything else is built from.

Text from a notebook enters the document only through `string`, as a quoted
literal, so nothing a student writes can ever be read as markup.
"""

import re

_ESCAPES = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "    ", "\r": None}
    # Lone surrogates, from damaged notebooks or arguments: no file can hold them.
    | dict.fromkeys(map(chr, range(0xD800, 0xE000)), "\ufffd")
)


# Colour names that Typst knows, and other languages' names for their neighbours.
_COLOURS = frozenset(
    "red blue green black white gray orange purple teal navy maroon olive yellow "
    "fuchsia aqua lime silver eastern".split()
)
_COLOUR_SYNONYMS = {
    "cyan": "aqua",
    "magenta": "fuchsia",
    "brown": "maroon",
    "violet": "purple",
    "grey": "gray",
    "pink": "fuchsia",
    "darkgreen": "green",
    "darkblue": "navy",
    "darkred": "maroon",
}


def string(text):
    """Return ``text`` as a Typst string literal (code mode)."""
    return '"' + text.translate(_ESCAPES) + '"'


def text(value):
    """Return ``value`` as literal text of the document (markup mode)."""
    return "#" + string(value)


def array(items):
    """Return a Typst array of expressions, right for one item as well."""
    return "(" + "".join(item + ", " for item in items) + ")"


def content(markup):
    """Return markup as a content block (code mode)."""
    return "[" + markup + "]"


def call(function, *arguments, **named):
    """Return a call in code mode; underscores in names become hyphens."""
    parts = list(arguments)
    parts += [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return f"{function}({', '.join(parts)})"


def colour(name):
    """Return a Typst colour for ``#rgb``, ``#rrggbb`` or a name; None if unknown."""
    name = name.strip().lower()
    if re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", name):
        return f'rgb("{name}")'
    name = _COLOUR_SYNONYMS.get(name, name)
    return name if name in _COLOURS else None
