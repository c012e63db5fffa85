"""What each field of a recipe may be, so that a slip is told before a training."""

import math
import numbers

from utils.augment.batches import FLIPS
from utils.augment.views import VIEWS

CURVES = "gelu", "silu", "relu"


def check(recipe):
    """Check all fields of a recipe.

    Parameters
    ----------
    recipe : Recipe

    Raises
    ------
    ValueError
        For the first value that no training can have; the text names the field.
    """
    for field, (fits, expected) in LIMITS.items():
        value = getattr(recipe, field)
        if not fits(value):
            raise ValueError(f"{field} is {value!r}, expected {expected}")


def _is_number(value):
    is_real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    return is_real and math.isfinite(value)


def _is_whole(value, least):
    return _is_number(value) and isinstance(value, numbers.Integral) and value >= least


def _pairs(is_right):
    """Make the test of a timetable: (progress, what begins there), ..."""

    def fits(value):
        is_list = isinstance(value, tuple | list)
        if not is_list or not all(
            isinstance(pair, tuple | list) and len(pair) == 2 for pair in value
        ):
            return False
        return all(_share[0](begin) and is_right(right) for begin, right in value)

    return fits


def _is_widths(value):
    is_three = isinstance(value, tuple | list) and len(value) == 3
    return is_three and all(_is_whole(width, 1) for width in value)


def _is_sizes(value):
    return _pairs(lambda size: _is_whole(size, 1))(value) and bool(value)


def _whole(least):
    return lambda value: _is_whole(value, least), f"a whole number, {least} or more"


def _one_of(*values):
    expected = ", ".join(map(repr, values[:-1])) + f" or {values[-1]!r}"
    return lambda value: value in values, expected


_above = lambda value: _is_number(value) and value > 0, "a number above 0"
_share = lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"
_below = lambda value: _is_number(value) and 0 <= value < 1, "a number from 0, below 1"
_least = lambda value: _is_number(value) and value >= 0, "a number, 0 or more"

LIMITS = {
    "widths": (_is_widths, "three whole numbers above 0, such as (64, 256, 256)"),
    "batch_size": _whole(1),
    "epochs": _above,
    "sizes": (_is_sizes, "pairs (progress, image size), such as ((0.0, 32),)"),
    "muon_rate": _above,
    "bias_rate": _above,
    "head_rate": _above,
    "muon_momentum": _below,
    "momentum": _below,
    "decay": _least,
    "whitening_until": _share,
    "freeze": (
        _pairs(lambda pattern: isinstance(pattern, str)),
        "pairs (progress, pattern of names), such as ((0.5, 'conv1.w'),)",
    ),
    "translate": _whole(0),
    "flip": _one_of(*FLIPS),
    "brightness": _least,
    "contrast": _share,
    "label_smoothing": _below,
    "activation": _one_of(*CURVES),
    "whitening_images": _whole(1),
    "views": _one_of(*VIEWS),
    "ghost": (
        lambda value: value is None or _is_whole(value, 1),
        "None or a whole number, 1 or more",
    ),
}
