import pytest

from utils.pdf.texreader import (
    MAX_DEPTH,
    MAX_SOURCE,
    Macro,
    Reader,
    TexError,
    length,
    spelled,
    tokens,
)


def values(source):
    return [token.value for token in tokens(source)]


def test_tokens_drop_comments_and_split_stars():
    assert values("\\alpha* % no\n x") == ["alpha", "*", " ", " ", "x"]
    assert values(r"\tag*\\*") == ["tag*", "\\", "*"]


def test_a_lone_backslash_is_refused():
    with pytest.raises(TexError, match="a backslash at the end"):
        tokens("x\\")


@pytest.mark.parametrize("source", [r"\alpha x", r"\tag* {x}", r"\, \\ \{ \%", "a%b"])
def test_spelling_loses_no_token(source):
    found = tokens(source)
    again = tokens("".join(map(spelled, found)))
    words = [token for token in found if token.kind != "space"]
    assert [token for token in again if token.kind != "space"] == words


@pytest.mark.parametrize(
    ("source", "em"),
    [
        ("1em", 1),
        (" -.5 em", -0.5),
        ("18mu", 1),
        ("10pt", 1),
        ("1.em", 1),
        ("1cm", 2.85),
    ],
)
def test_lengths(source, em):
    assert length(source) == em


@pytest.mark.parametrize(
    "source", ["", "1", "em", "1fm", "--1em", "1em2", "9" * 999 + "em"]
)
def test_bad_lengths(source):
    with pytest.raises(TexError, match="length"):
        length(source)


def test_groups_nest():
    reader = Reader(r"{a{b}}[c{]}]d", {})
    assert reader.raw_group() == "a{b}"
    assert reader.optional_group() == "c{]}"
    assert reader.optional_group() is None
    assert reader.raw_group() == "d"
    assert reader.at_end()
    with pytest.raises(TexError, match="unexpected end"):
        reader.next()


def test_macros_expand_in_place_until_something_else_stands_there():
    reader = Reader(r"\a{y}z", {"a": Macro(1, r"\b#1"), "b": Macro(0, "x")})
    reader.expand()
    assert [token.value for token in reader.tokens] == ["x", "y", "z"]


def test_an_alias_is_no_macro_to_expand():
    reader = Reader(r"\a", {"a": Macro(None, "vec")})
    reader.expand()
    assert reader.peek() == ("command", "a")


def test_depth_is_counted_for_the_whole_formula():
    whole = Reader("", {})
    part = Reader("", {}, parent=whole)
    with part.deeper():
        assert whole.depth == 1
    assert whole.depth == 0
    whole.depth = MAX_DEPTH
    with pytest.raises(TexError, match="nested too deeply"), part.deeper():
        pass


def test_long_sources_are_refused():
    with pytest.raises(TexError, match="longer than"):
        Reader("x" * (MAX_SOURCE + 1), {})
