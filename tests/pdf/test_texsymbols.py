import pytest

from utils.pdf import texsymbols
from utils.pdf.texmath import convert
from utils.pdf.texsymbols import escape, symbol

TABLES = {
    "{}": [*texsymbols.SYMBOLS, *texsymbols.FORMS],
    "{}{{x}}": [*texsymbols.WRAPPERS, *texsymbols.NESTED],
    "{} x": [*texsymbols.SWITCHES, *texsymbols.IGNORED],
    "{{a {} b}}": [*texsymbols.INFIX],
    "{}{{x}}{{y}}": [*texsymbols.BUILT_IN_MACROS],
}


@pytest.mark.parametrize("form", TABLES)
def test_every_entry_compiles(form, engine):
    for name in TABLES[form]:
        latex = form.format("\\" + name)
        # As an argument of its own, where an open bracket would do harm.
        markup = convert(rf"a {latex} + \frac{{ {latex} }}{{b}}").markup
        assert engine.formula_error(markup) is None, name


def test_symbols_are_single_characters():
    assert all(len(character) == 1 for character in texsymbols.SYMBOLS.values())


def test_escape_keeps_typst_from_reading_syntax():
    assert escape("#") == "\\#"
    assert escape("⟨") == "\\⟨"
    assert escape("x") == "x"


def test_what_tex_takes_for_a_letter_gets_no_space_of_an_operator():
    assert symbol("∇") == 'class("normal", ∇)'
    assert symbol("+") == "+"


def test_a_built_in_macro_takes_as_many_arguments_as_it_uses():
    for name, (count, body) in texsymbols.BUILT_IN_MACROS.items():
        assert ("#1" in body) == (count == 1), name
