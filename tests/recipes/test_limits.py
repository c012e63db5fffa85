import pytest

from utils.recipes import RECIPES, Recipe, check
from utils.recipes.limits import LIMITS


def test_every_field_has_limits_and_all_recipes_keep_them():
    assert tuple(LIMITS) == Recipe._fields
    for recipe in RECIPES.values():
        check(recipe)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("epochs", "abc", "expected a number"),
        ("epochs", float("nan"), "expected a number"),
        ("epochs", True, "expected a number"),
        ("widths", 3, "expected three whole numbers"),
        ("widths", (64, 64), "expected three whole numbers"),
        ("batch_size", 0, "expected a whole number, 1 or more"),
        ("batch_size", 2.5, "expected a whole number"),
        ("bias_rate", 0, "expected a number above 0"),
        ("momentum", 1, "expected a number from 0, below 1"),
        ("decay", -1, "expected a number, 0 or more"),
        ("whitening_until", 1.5, "expected a number from 0 to 1"),
        ("sizes", (), "expected pairs"),
        ("sizes", ((0, 18), 3), "expected pairs"),
        ("freeze", ((0.5, 3),), "expected pairs"),
        ("flip", "always", "expected 'alternating', 'random' or None"),
        ("activation", "tanh", "expected 'gelu', 'silu' or 'relu'"),
        ("ghost", 0, "expected None or a whole number"),
    ],
)
def test_a_slip_is_told_by_its_field(field, value, words):
    with pytest.raises(ValueError, match=words) as caught:
        check(Recipe()._replace(**{field: value}))
    assert str(caught.value).startswith(f"{field} is {value!r}, ")


@pytest.mark.parametrize(
    ("field", "value"),
    [("flip", None), ("ghost", 125), ("freeze", ((0.5, "conv1.w"),)), ("epochs", 1)],
)
def test_what_can_be_trained_is_not_refused(field, value):
    check(Recipe()._replace(**{field: value}))
