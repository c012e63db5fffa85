"""What is searched: ranges and choices, one per hyper-parameter.

A range knows how to ask Optuna for a value and how it is written, ``log(0.05, 0.5)``.
The text is kept with the study, and read back by workers that are given none.
"""

import ast
import difflib
import math
import numbers
from typing import NamedTuple

from utils.sweep.library import SweepError, optuna

SHOWN = 4  # so many differences are told
PRIMITIVE = (str, int, float, bool, type(None))


class Range(NamedTuple):
    """Numbers from `low` to `high`, both included; see `linear`, `log`, `whole`."""

    kind: str
    low: float
    high: float

    def __repr__(self):
        """Write the call that makes this range."""
        return f"{self.kind}({self.low!r}, {self.high!r})"

    @property
    def ends(self):
        """The values that must be possible for all to be: the smallest, the largest."""
        return self.low, self.high

    @property
    def count(self):
        """How many values there are."""
        return len(self.stored) if self.kind == "whole" else math.inf

    @property
    def stored(self):
        """All values of a range of whole numbers."""
        return range(self.low, self.high + 1)

    def distribution(self):
        """Give Optuna's name for a range of whole numbers."""
        return optuna().distributions.IntDistribution(self.low, self.high)

    @property
    def scale(self):
        """Scale of an axis for these values, "linear" or "log"."""
        return "log" if self.kind == "log" else "linear"

    def suggest(self, trial, name):
        """Ask an Optuna trial for a value."""
        if self.kind == "whole":
            return trial.suggest_int(name, self.low, self.high)
        return trial.suggest_float(name, self.low, self.high, log=self.kind == "log")

    def value(self, stored):
        """Turn what Optuna stores into the value."""
        return stored


class Choice(NamedTuple):
    """One of several values; see `choice`."""

    values: tuple

    scale = "choice"

    def __repr__(self):
        """Write the call that makes this choice."""
        return f"choice({', '.join(map(repr, self.values))})"

    @property
    def ends(self):
        """The values that must be possible: all."""
        return self.values

    @property
    def count(self):
        """How many values there are."""
        return len(self.values)

    def distribution(self):
        """Give Optuna's name for this choice."""
        return optuna().distributions.CategoricalDistribution(self.stored)

    @property
    def stored(self):
        """What Optuna stores: the values themselves, or how they are written."""
        plain = all(isinstance(value, PRIMITIVE) for value in self.values)
        return [*self.values] if plain else [repr(value) for value in self.values]

    def suggest(self, trial, name):
        """Ask an Optuna trial for a value."""
        return self.value(trial.suggest_categorical(name, self.stored))

    def value(self, stored):
        """Turn what Optuna stores into the value."""
        for label, value in zip(self.stored, self.values, strict=True):
            if (label, type(label)) == (stored, type(stored)):
                return value
        return self.values[self.stored.index(stored)]


def linear(low, high):
    """Search a real number from `low` to `high`, every one equally likely at first."""
    return _range("linear", low, high)


def log(low, high):
    """Search a positive number from `low` to `high` by its logarithm."""
    found = _range("log", low, high)
    if not low > 0:
        raise ValueError(f"log({low!r}, {high!r}): the lower end must be above 0")
    return found


def whole(low, high):
    """Search a whole number from `low` to `high`, both included."""
    if not all(isinstance(end, numbers.Integral) for end in (low, high)):
        raise ValueError(f"whole({low!r}, {high!r}): both ends must be whole numbers")
    return _range("whole", low, high)


def choice(*values):
    """Search among the given values.

    Parameters
    ----------
    *values
        Numbers, texts, True, False and None, or tuples of them.
    """
    if not values:
        raise ValueError("choice() needs at least one value")
    if len(set(map(repr, values))) < len(values):
        raise ValueError(f"choice{values!r} names a value twice")
    return Choice(values)


def _range(kind, low, high):
    for end in (low, high):
        real = isinstance(end, numbers.Real) and not isinstance(end, bool)
        if not real or not math.isfinite(end):
            raise ValueError(f"{kind}({low!r}, {high!r}): both ends must be numbers")
    if not low < high:
        raise ValueError(f"{kind}({low!r}, {high!r}): the lower end comes first")
    number = int if kind == "whole" else float
    return Range(kind, number(low), number(high))


def parse(text):
    """Read a range or a choice as it is written in Python.

    Parameters
    ----------
    text : str
        For example ``"log(0.05, 0.5)"`` or ``"choice(125, 250, 500)"``.

    Returns
    -------
    Range or Choice

    Raises
    ------
    SweepError
        If the text is something else; nothing in it is executed.
    """
    try:
        name, values = _read(text.strip())
        if name != "choice" and len(values) != 2:
            raise ValueError(f"{name} takes two numbers, not {len(values)}")
        return MAKERS[name](*values)
    except ValueError as error:
        raise SweepError(
            f"{text!r} is no range ({error}); write linear(low, high), log(low, high), "
            "whole(low, high) or choice(value, value, ...)"
        ) from None


MAKERS = {"linear": linear, "log": log, "whole": whole, "choice": choice}


def _read(text):
    """Take a call apart: its name and its values, none of which is executed."""
    if text.count("(") != text.count(")"):
        raise ValueError("a bracket is missing")
    try:
        call = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ValueError("it cannot be read") from None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ValueError("it is not of the form NAME(VALUE, VALUE)")
    name = call.func.id
    if name not in MAKERS:
        near = difflib.get_close_matches(name, MAKERS, 1)
        also = f"; do you mean {near[0]}?" if near else ""
        raise ValueError(f"there is no {name!r}{also}")
    if call.keywords:
        raise ValueError("values stand there without names")
    try:
        return name, [ast.literal_eval(value) for value in call.args]
    except ValueError:
        raise ValueError(
            "values are numbers, texts in quotes, True, False, None, or tuples of them"
        ) from None


def check(space):
    """Check a whole space.

    Parameters
    ----------
    space : dict
        Name of each hyper-parameter -> what `linear`, `log`, `whole` or `choice` made.

    Raises
    ------
    TypeError, ValueError
        If it is anything else, or empty.
    """
    if not isinstance(space, dict):
        raise TypeError(f"space is a {type(space).__name__}, expected a dict")
    if not space:
        raise ValueError("space is empty: name at least one hyper-parameter")
    for name, found in space.items():
        if not isinstance(found, Range | Choice):
            raise TypeError(
                f"space[{name!r}] is {found!r}, expected sweep.linear(low, high), "
                "sweep.log(low, high), sweep.whole(low, high) or sweep.choice(...)"
            )


def difference(known, given):
    """Tell in words how two spaces differ, or two dicts of other texts.

    Parameters
    ----------
    known, given : dict
        Name -> text of its range, of the stored study and of this call.

    Returns
    -------
    str
        The first differences; empty if there is none.
    """
    parts = []
    for name in dict.fromkeys([*known, *given]):
        before, now = known.get(name), given.get(name)
        if before != now:
            parts.append(f"{name}: {before or 'nothing'}, now {now or 'nothing'}")
    if len(parts) > SHOWN:
        parts[SHOWN:] = [f"and {len(parts) - SHOWN} more"]
    return "; ".join(parts)
