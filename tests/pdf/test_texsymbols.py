import pytest

from utils.pdf import texsymbols
from utils.pdf.texmath import convert

TABLES = {
    "{}": [*texsymbols.SYMBOLS, *texsymbols.FUNCTIONS, *texsymbols.LIMITS]
    + [*texsymbols.SPACES, *texsymbols.BAR_CLASSES],
    "{}{{x}}": [*texsymbols.ACCENTS, *texsymbols.WRAPPERS],
    "{} x": [*texsymbols.SWITCHES, *texsymbols.IGNORED],
}


@pytest.mark.parametrize("form", TABLES)
def test_every_entry_compiles(form, engine):
    for name in TABLES[form]:
        markup = convert("a " + form.format("\\" + name)).markup
        assert engine.formula_error(markup) is None, name


def test_symbols_are_single_characters():
    assert all(len(character) == 1 for character in texsymbols.SYMBOLS.values())


def test_environments_compile(engine):
    names = [*texsymbols.MATRICES, *texsymbols.CASES, *texsymbols.ALIGNED]
    for name in names:
        spec = "{cc}" if name in ("array", "alignat", "alignat*", "alignedat") else ""
        source = f"\\begin{{{name}}}{spec} a & b \\\\ c & d \\end{{{name}}}"
        assert engine.formula_error(convert(source).markup) is None, name
