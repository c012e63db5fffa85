"""Colours of source code, from Pygments."""

from functools import cache

from pygments.lexers import get_lexer_by_name
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Token
from pygments.util import ClassNotFound

from utils.pdf.lines import PLAIN, Span, Style

# The ipython3 lexer lives in IPython; without it plain Python does.
_SUBSTITUTES = {"ipython3": "python", "ipython": "python", "py": "python"}
_TOKEN_OF_CLASS = {name: token for token, name in STANDARD_TYPES.items() if name}


@cache
def _lexer(language):
    for name in (language, _SUBSTITUTES.get(language)):
        if name:
            try:
                return get_lexer_by_name(name, stripnl=False, ensurenl=False)
            except ClassNotFound:
                continue
    return None


@cache
def token_style(token):
    """Return the style of a Pygments token type."""
    look = get_style_by_name("default").style_for_token(token)
    flags = ("b" if look["bold"] else "") + ("i" if look["italic"] else "")
    return Style("#" + look["color"] if look["color"] else "", flags)


def class_style(name):
    """Return the style of a CSS class that Pygments writes into HTML (``kn`` ...)."""
    token = _TOKEN_OF_CLASS.get(name)
    return PLAIN if token is None else token_style(token)


def highlight(source, language):
    """Return the lines of ``source``, each a list of spans; unknown is plain."""
    lexer = _lexer(language)
    pieces = lexer.get_tokens(source) if lexer else [(Token, source)]
    lines = [[]]
    for token, value in pieces:
        style = token_style(token) if value.strip() else PLAIN
        first, *others = value.split("\n")
        if first:
            lines[-1].append(Span(first, style))
        lines += [[Span(text, style)] if text else [] for text in others]
    return lines
