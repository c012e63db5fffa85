"""Schedules: the learning rate as a function of the progress of training.

Progress is the part of training that is done, from 0 to 1, so a schedule does not
change when training is made longer.  A schedule is called with it, and prints as it
was written (so these classes have the names of functions):

>>> rate = linear(0.24)
>>> rate(0.0), rate(0.5), rate(1.0)
(0.24, 0.12, 0.0)
>>> rate
linear(first=0.24, last=0.0, until=1.0)

Which one?  `linear` down to 0 is hard to beat and has one number to tune.  `triangle`
starts softly, for nets whose first steps would be too large.  `cosine` stays high for
longer and lands softly.  `steps` is how it was done before 2016.
"""

import math
import numbers
from dataclasses import dataclass, fields


def checked(progress):
    """Raise ValueError unless progress is a number from 0 to 1; give it as a float."""
    is_number = isinstance(progress, numbers.Real) and not isinstance(progress, bool)
    if not is_number or not 0 <= progress <= 1:
        raise ValueError(f"progress is {progress!r}, expected a number from 0 to 1.")
    return float(progress)


def between(first, last, part):
    """Go straight from `first` (part 0) to `last` (part 1), which are met exactly."""
    return first * (1 - part) + last * part


def bend(first, last, part):
    """Go from `first` to `last` along half a wave of a cosine: flat at both ends."""
    return between(first, last, (1 - math.cos(math.pi * part)) / 2)


def after(warmup, progress):
    """Give the part that is done of what follows the warm-up."""
    return (progress - warmup) / (1 - warmup) if warmup < 1 else 0.0


class Schedule:
    """What all schedules share: their numbers are checked, and progress is."""

    def __post_init__(self):
        """Raise ValueError if a number makes no sense."""
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type is not float:
                continue
            is_part = field.name in ("until", "warmup")
            is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            fits = is_number and math.isfinite(value) and value >= 0
            if not fits or is_part and value > 1:
                expected = "from 0 to 1" if is_part else ">= 0"
                self._refuse(field.name, f"a finite number {expected}")
            object.__setattr__(self, field.name, float(value))

    def _refuse(self, name, expected):
        value = getattr(self, name)
        raise ValueError(
            f"{name} of {type(self).__name__} is {value!r}, expected {expected}."
        )

    def __call__(self, progress):
        """Give the rate at this part of training, from 0 to 1."""
        return self._at(checked(progress))


@dataclass(frozen=True)
class constant(Schedule):
    """The same rate all the time.

    Parameters
    ----------
    rate : float >= 0
    """

    rate: float

    def _at(self, progress):
        return self.rate


@dataclass(frozen=True)
class linear(Schedule):
    """From `first` straight to `last`, and there from progress `until` on.

    Parameters
    ----------
    first, last : float >= 0
        Rates; `last` is 0 by default.
    until : float from 0 to 1, default 1
        Progress at which `last` is reached; 0 means at once.
    """

    first: float
    last: float = 0.0
    until: float = 1.0

    def _at(self, progress):
        if progress >= self.until:
            return self.last
        return between(self.first, self.last, progress / self.until)


@dataclass(frozen=True)
class triangle(Schedule):
    """Straight up to `peak` and straight down.

    Parameters
    ----------
    peak : float >= 0
        The highest rate.
    warmup : float from 0 to 1, default 0.23
        Progress at which it is reached.
    first, last : float >= 0, default 0.2 and 0.07
        Where the way up begins and the way down ends, as fractions of the peak.
    """

    peak: float
    warmup: float = 0.23
    first: float = 0.2
    last: float = 0.07

    def _at(self, progress):
        if progress < self.warmup:
            return self.peak * between(self.first, 1, progress / self.warmup)
        return self.peak * between(1, self.last, after(self.warmup, progress))


@dataclass(frozen=True)
class cosine(Schedule):
    """From `first` to `last` along half a wave: slow, fast, slow.

    Parameters
    ----------
    first, last : float >= 0
        Rates; `last` is 0 by default.
    warmup : float from 0 to 1, default 0
        Until this progress the rate grows from 0 to `first`.

    References
    ----------
    .. [1] I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm
       restarts", ICLR 2017, equation 5.
    """

    first: float
    last: float = 0.0
    warmup: float = 0.0

    def _at(self, progress):
        if progress < self.warmup:
            return self.first * progress / self.warmup
        return bend(self.first, self.last, after(self.warmup, progress))


@dataclass(frozen=True)
class one_cycle(Schedule):
    """Along half a wave up to `peak`, and along another one down to almost 0.

    Parameters
    ----------
    peak : float >= 0
        The highest rate.
    warmup : float from 0 to 1, default 0.3
        Progress at which it is reached.
    first, last : float >= 0, default 1 / 25 and 1 / 250000
        Where the way up begins and the way down ends, as fractions of the peak.

    References
    ----------
    .. [1] L. N. Smith and N. Topin, "Super-convergence: very fast training of neural
       networks using large learning rates", arXiv:1708.07120, 2017.
    """

    peak: float
    warmup: float = 0.3
    first: float = 0.04
    last: float = 4e-6

    def _at(self, progress):
        if progress < self.warmup:
            return self.peak * bend(self.first, 1, progress / self.warmup)
        return self.peak * bend(1, self.last, after(self.warmup, progress))


@dataclass(frozen=True)
class steps(Schedule):
    """Multiply the rate by `factor` at each progress in `at`.

    Parameters
    ----------
    first : float >= 0
        Rate at the start.
    at : tuple of float from 0 to 1, ascending, default (0.5, 0.75)
        From these on, the rate is lower.
    factor : float >= 0, default 0.1
    """

    first: float
    at: tuple = (0.5, 0.75)
    factor: float = 0.1

    def __post_init__(self):
        """Raise ValueError if a number makes no sense."""
        super().__post_init__()
        try:
            places = tuple(map(checked, self.at))
        except (TypeError, ValueError):
            self._refuse("at", "a sequence of numbers from 0 to 1")
        if sorted(places) != list(places):
            self._refuse("at", "ascending numbers")
        object.__setattr__(self, "at", places)

    def _at(self, progress):
        return self.first * self.factor ** sum(progress >= place for place in self.at)


@dataclass(frozen=True)
class power(Schedule):
    """Grow from 0 to `last` as a power of the progress: last * progress**exponent.

    Parameters
    ----------
    last : float >= 0
        Value at the end.
    exponent : float >= 0, default 1
    """

    last: float
    exponent: float = 1.0

    def _at(self, progress):
        return self.last * progress**self.exponent
