"""An optimizer whose groups of parameters have methods and rates of their own.

>>> from utils.optim import Muon, Nesterov, linear
>>> optimizer = Optimizer([
...     Group("conv*.w", Muon(momentum=0.6), rate=linear(0.24)),
...     Group("*", Nesterov(momentum=0.85), rate=0.05),
... ])
>>> params = {"conv1.w": np.ones((3, 3, 2, 4)), "conv1.b": np.ones(4)}
>>> optimizer.bind(params)
>>> optimizer.groups
{'conv*.w': ['conv1.w'], '*': ['conv1.b']}
>>> optimizer.step(params, {"conv1.b": np.ones(4)}, progress=0.0)
>>> params["conv1.b"].round(4)
array([0.9075, 0.9075, 0.9075, 0.9075])
"""

import math
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np

from utils.optim.methods import Method, Muon
from utils.optim.movers import MatrixMover, VectorMover
from utils.optim.schedules import checked, constant
from utils.optim.state import restore


@dataclass(frozen=True)
class Group:
    """Parameters that are moved by the same method at the same rate.

    Parameters
    ----------
    pattern : str or list of str
        Names of parameters, or patterns: ``*`` stands for anything, ``?`` for one
        character, ``[12]`` for 1 or 2.
    method : Sgd, Nesterov, AdamW or Muon
    rate : float >= 0 or callable
        The learning rate, or a function of the progress, see `utils.optim.schedules`.

    Raises
    ------
    ValueError
        If one of them is something else.
    """

    pattern: tuple
    method: Method
    rate: Callable

    def __post_init__(self):
        """Raise ValueError if something makes no sense."""
        patterns = self.pattern
        patterns = (patterns,) if isinstance(patterns, str) else patterns
        if not isinstance(patterns, list | tuple) or not all(
            isinstance(pattern, str) for pattern in patterns
        ):
            raise ValueError(
                f"pattern is {patterns!r}, expected a name, a pattern, or a list."
            )
        if not isinstance(self.method, Method):
            raise ValueError(
                f"method is {self.method!r}, expected Sgd(...), Nesterov(...), "
                f"AdamW(...) or Muon(...)."
            )
        rate = self.rate
        if isinstance(rate, numbers.Real):
            rate = constant(rate)
        if not callable(rate):
            raise ValueError(
                f"rate is {rate!r}, expected a number or a function of the progress, "
                f"for example linear(0.1)."
            )
        object.__setattr__(self, "pattern", tuple(patterns))
        object.__setattr__(self, "rate", rate)

    @property
    def name(self):
        """The pattern, or all of them with commas between."""
        return ", ".join(self.pattern)

    def takes(self, name):
        """Tell whether a parameter belongs here."""
        return any(fnmatchcase(name, pattern) for pattern in self.pattern)

    def rate_at(self, progress):
        """Give the rate, or raise ValueError if the schedule gives no rate."""
        rate = self.rate(progress)
        if not 0 <= rate < math.inf:
            raise ValueError(
                f"The rate of group {self.name!r} is {rate!r} at progress {progress}, "
                f"expected a finite number >= 0."
            )
        return float(rate)


class Optimizer:
    """Moves the parameters of a network, group by group.

    The first group that matches a name takes the parameter.

    Parameters
    ----------
    groups : list of Group

    Attributes
    ----------
    groups : dict of str to list of str
        After `bind`: which parameters each group has taken, by its pattern.

    Raises
    ------
    ValueError
        If `groups` is no list of groups, or two of them have the same pattern.
    """

    def __init__(self, groups):
        self._groups = list(groups) if isinstance(groups, list | tuple) else [groups]
        for group in self._groups:
            if not isinstance(group, Group):
                raise ValueError(f"groups has {group!r}, expected Group(...).")
        names = [group.name for group in self._groups]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(
                    f"groups has {name!r} twice, and the first one takes all that "
                    f"matches: choose another pattern, or leave one group out."
                )
        self._movers, self._names, self.groups = None, frozenset(), {}

    def __repr__(self):
        """Print as written: equal text, equal settings."""
        return f"Optimizer({self._groups!r})"

    def bind(self, params, filters=None):
        """Make the memory for these parameters; what was remembered is forgotten.

        Parameters
        ----------
        params : dict of str to ndarray, float32 or float64
            The parameters, also those that are frozen.
        filters : dict of str to int, optional
            How many of the filters of a parameter are not padding, for `Muon`.

        Raises
        ------
        ValueError
            If a parameter has no group, or a shape that its method cannot move.
        """
        taken = [{} for _ in self._groups]
        for name, w in params.items():
            if not isinstance(w, np.ndarray) or w.dtype not in (np.float32, np.float64):
                kind = getattr(w, "dtype", type(w).__name__)
                raise ValueError(
                    f"params[{name!r}] is {kind}, expected float32 or float64 numbers."
                )
        for name, group in self._assign(params).items():
            taken[group][name] = params[name]
        movers = []
        for group, own in zip(self._groups, taken, strict=True):
            kind = MatrixMover if isinstance(group.method, Muon) else VectorMover
            movers.append(kind(group.method, own, filters or {}))
        self._movers, self._names = movers, frozenset(params)
        pairs = zip(self._groups, taken, strict=True)
        self.groups = {group.name: list(own) for group, own in pairs}

    def _assign(self, params):
        """Give the index of its group for each name."""
        found, lost = {}, []
        for name in params:
            fits = (i for i, group in enumerate(self._groups) if group.takes(name))
            found[name] = next(fits, None)
            if found[name] is None:
                lost.append(name)
        if lost:
            patterns = "; ".join(group.name for group in self._groups) or "none"
            raise ValueError(
                f"No group takes {', '.join(lost)}; the groups take {patterns}. "
                f'A last Group("*", ...) takes whatever is left.'
            )
        return found

    def step(self, params, grads, progress):
        """Change all parameters that have a gradient, in place.

        Parameters
        ----------
        params : dict of str to ndarray
            The parameters that were bound.
        grads : dict of str to ndarray
            Their gradients.  A parameter without one is left alone, and so is all
            that is remembered about it.
        progress : float from 0 to 1
            The part of training that is done.

        Raises
        ------
        ValueError
            If the arrays do not fit, `progress` is no such number, or a schedule
            gives no rate.
        RuntimeError
            If there was no `bind`.
        """
        self._check_bound()
        if not grads.keys() <= self._names:
            unknown = ", ".join(sorted(map(str, grads.keys() - self._names)))
            raise ValueError(f"grads has {unknown}, which was not bound.")
        progress = checked(progress)
        rates = [group.rate_at(progress) for group in self._groups]
        for mover in self._movers:
            mover.look(params, grads)
        for mover, rate in zip(self._movers, rates, strict=True):
            mover.move(rate)

    def rates(self, progress):
        """Give the rate of each group, by its pattern."""
        progress = checked(progress)
        return {group.name: group.rate_at(progress) for group in self._groups}

    def state_dict(self):
        """Give copies of all that is remembered, for `numpy.savez`.

        Returns
        -------
        dict of str to ndarray
            ``"conv1.w.velocity"`` and the like.
        """
        return {key: np.array(array) for key, array in self._state().items()}

    def load_state_dict(self, state):
        """Take over what `state_dict` gave, bit by bit.

        Parameters
        ----------
        state : mapping of str to ndarray
            For the same parameters and methods; what `numpy.load` gives will do.

        Raises
        ------
        ValueError
            If it belongs to others; then nothing has changed.
        RuntimeError
            If there was no `bind`.
        """
        restore(self._state(), state, "the optimizer")

    def _state(self):
        self._check_bound()
        return {
            f"{name}.{key}": array
            for mover in self._movers
            for name, memory in mover.memory.items()
            for key, array in memory.items()
        }

    def _check_bound(self):
        if self._movers is None:
            raise RuntimeError("The optimizer knows no parameters: call bind first.")
