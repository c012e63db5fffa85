import pytest

from utils.pdf.typst_source import array, call, colour, content, string, text


def test_string_escapes_what_would_end_it():
    assert string('a"b\\c\nd\te\rf') == '"a\\"b\\\\c\\nd    ef"'


def test_string_holds_what_a_file_can_hold():
    assert string("a\ud800b\udcffc") == '"a\ufffdb\ufffdc"'


def test_text_is_one_literal():
    assert text("#x") == '#"#x"'


@pytest.mark.parametrize(("items", "typst"), [([], "()"), (["1"], "(1, )")])
def test_array_of_few(items, typst):
    assert array(items) == typst


def test_call_writes_named_arguments_with_hyphens():
    assert call("f", "1", row_gap="2pt") == "f(1, row-gap: 2pt)"


def test_content():
    assert content("x") == "[x]"


@pytest.mark.parametrize(
    ("name", "typst"),
    [
        ("Red", "red"),
        ("#A0b1C2", 'rgb("#a0b1c2")'),
        ("magenta", "fuchsia"),
        ("#12345", None),
        ("javascript", None),
        ("", None),
    ],
)
def test_colour(name, typst):
    assert colour(name) == typst


def test_string_survives_typst(engine):
    nasty = '#set page(fill: red) $ " \\ @ref <label> [ // /* `'
    assert engine.error(text(nasty)) is None
