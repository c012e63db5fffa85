"""Misreadings of the parts of a computation are combined."""

from utils.checks.mistakes import misreadings

PARTS = (("a", [("small", "b"), ("large", "A")]), (1, [("two", 2)]), (True, []))


def found(most):
    tries = misreadings(lambda *parts: parts, *PARTS, most=most)
    return {text: values() for text, values in tries}


def test_one_part_at_a_time_is_read_wrongly():
    assert found(1) == {
        "small": ("b", 1, True),
        "large": ("A", 1, True),
        "two": ("a", 2, True),
    }


def test_two_parts_are_read_wrongly_after_all_single_ones():
    texts = list(found(2))
    assert texts == ["small", "large", "two", "small; and two", "large; and two"]
    assert found(2)["large; and two"] == ("A", 2, True)


def test_nothing_is_computed_before_it_is_asked_for():
    tries = misreadings(lambda *_: 1 / 0, *PARTS)
    assert len(tries) == 5
