"""Each part of a computation is read wrongly in turn."""

from utils.checks.mistakes import misreadings

PARTS = (("a", [("small", "b"), ("large", "A")]), (1, [("two", 2)]), (True, []))


def test_one_part_at_a_time_is_read_wrongly():
    tries = misreadings(lambda *parts: parts, *PARTS)
    assert {text: values() for text, values in tries} == {
        "small": ("b", 1, True),
        "large": ("A", 1, True),
        "two": ("a", 2, True),
    }


def test_nothing_is_computed_before_it_is_asked_for():
    tries = misreadings(lambda *_: 1 / 0, *PARTS)
    assert len(tries) == 3
