"""How the parameters of one group take a step: by the engine or by NumPy.

A mover holds the memory of its method for each parameter: velocities, running
averages.  In each step a parameter takes one of two ways to the same numbers.  Where
weights and gradient are float32 in C order, in whole vectors (`simd.LANES` of the last
axis), the engine moves them, all small ones in one call.  All others go by NumPy.

Looking at arrays costs more than moving a few hundred numbers.  So a mover looks once,
and again when it is given another array than in the step before.
"""

import numpy as np

from utils import kernels


def fits_engine(array):
    """Tell whether kernels take an array: float32 in C order, in whole vectors."""
    return (
        array.dtype == np.float32
        and array.flags.c_contiguous
        and array.size > 0
        and array.ndim > 0
        and kernels.compiles()
        and array.shape[-1] % kernels.lanes.LANES == 0
    )


def zeros_like(w):
    """Give memory for one parameter."""
    return kernels.threads.aligned(w.shape) if fits_engine(w) else np.zeros_like(w)


def check_pair(name, w, dw, shape, dtype):
    """Raise ValueError unless weights and gradient are what was bound."""
    if not isinstance(w, np.ndarray) or w.shape != shape or w.dtype != dtype:
        raise ValueError(
            f"params[{name!r}] is {getattr(w, 'dtype', type(w).__name__)} of shape "
            f"{getattr(w, 'shape', None)}, but was {dtype} of shape {shape} when the "
            f"optimizer was bound."
        )
    if not w.flags.writeable:
        raise ValueError(f"params[{name!r}] is read-only, but a step changes it.")
    if not isinstance(dw, np.ndarray) or dw.shape != shape or dw.dtype.kind != "f":
        raise ValueError(
            f"grads[{name!r}] is {getattr(dw, 'dtype', type(dw).__name__)} of shape "
            f"{getattr(dw, 'shape', None)}, expected floats of shape {shape}."
        )


class Mover:
    """The memory of one group, and who moves which parameter.

    Parameters
    ----------
    method : Method
        What to do.
    params : dict of str to ndarray
        The parameters of this group.
    filters : dict of str to int
        How many filters of a parameter are not padding; for Muon.
    """

    def __init__(self, method, params, filters):
        self.method, self.names = method, list(params)
        self.like = {name: (w.shape, w.dtype) for name, w in params.items()}
        self.filters, self._seen = filters, None

    def look(self, params, grads):
        """Check the arrays of the next step, before anything changes."""
        if not self._is_as_before(params, grads):
            self._seen = None  # if an error comes now, look again next time
            pairs = self._pairs(params, grads)
            self._arrange(pairs)
            self._seen = [(n, *pairs.get(n, (params[n], None))) for n in self.names]

    def _is_as_before(self, params, grads):
        if self._seen is None:
            return False
        for name, w, dw in self._seen:
            if params.get(name) is not w or grads.get(name) is not dw:
                return False
        return True

    def _pairs(self, params, grads):
        """Check and give weights and gradient, by name, where there is a gradient."""
        pairs = {}
        for name in self.names:
            if name not in params:
                raise ValueError(f"params lacks {name!r}, which was bound.")
            if grads.get(name) is not None:
                pairs[name] = params[name], grads[name]
                check_pair(name, *pairs[name], *self.like[name])
        return pairs


class VectorMover(Mover):
    """Moves each number by itself: Sgd, Nesterov, AdamW."""

    def __init__(self, method, params, filters):
        super().__init__(method, params, filters)
        self._t = np.zeros(len(params), np.int64)
        self.memory = {
            name: {key: zeros_like(w) for key in method.memory}
            for name, w in params.items()
        }
        if method.counts:
            for i, memory in enumerate(self.memory.values()):
                memory["t"] = self._t[i : i + 1].reshape(())  # a view

    def _arrange(self, pairs):
        index = {name: i for i, name in enumerate(self.names)}
        fast = [name for name in pairs if all(map(fits_engine, pairs[name]))]
        rows = {name: [*pairs[name], *self._arrays(name)] for name in pairs}
        self._moved = np.array([index[name] for name in pairs], np.intp)
        self._fast = np.array([index[name] for name in fast], np.intp)
        self._slow = [(index[n], rows[n]) for n in pairs if n not in fast]
        self._table = None
        if fast:
            columns = map(list, zip(*(rows[name] for name in fast), strict=True))
            names = "w", "dw", *self.method.memory
            named = dict(zip(names, columns, strict=True))
            self._table = kernels.updates.Table(**named)

    def _arrays(self, name):
        return [self.memory[name][key] for key in self.method.memory]

    def move(self, rate):
        """Take the step."""
        self._t[self._moved] += 1
        if self._table is not None:
            self.method.move_table(rate, self._t[self._fast], self._table)
        for i, arrays in self._slow:
            self.method.move(rate, self._t[i], *arrays)


class MatrixMover(Mover):
    """Moves matrices as a whole: Muon."""

    def __init__(self, method, params, filters):
        super().__init__(method, params, filters)
        for name, w in params.items():
            if w.ndim not in (2, 4):
                raise ValueError(
                    f"{name} has shape {w.shape}, but Muon moves filters (4 axes) and "
                    f"matrices (2 axes): put it into a group with another method."
                )
        axis = 0 if method.filters == "first" else -1
        self.filters = {n: filters.get(n, w.shape[axis]) for n, w in params.items()}
        fits = [
            n for n in params if method.filters == "last" and fits_engine(params[n])
        ]
        self._engine, self._for_engine = None, {}
        self.memory = {
            name: {"velocity": np.zeros_like(w)}
            for name, w in params.items()
            if name not in fits
        }
        if fits:
            shapes = [self._four(params[name]).shape for name in fits]
            real = [self.filters[name] for name in fits]
            numbers = method.momentum, real, method.renormalize
            self._engine = kernels.muon.Muon(shapes, *numbers)
            for name, velocity in zip(fits, self._engine.velocity, strict=True):
                shaped = velocity.reshape(params[name].shape)
                self.memory[name] = {"velocity": shaped}
        self._fits = fits

    @staticmethod
    def _four(array):
        """See (D, M) as filters of one pixel."""
        return array if array.ndim == 4 else array[None, None]

    def _arrange(self, pairs):
        fast = [name for name in pairs if all(map(fits_engine, pairs[name]))]
        fast = set(fast) & set(self._fits)
        self._pairs_of_engine = [
            tuple(map(self._four, pairs[name])) if name in fast else (None, None)
            for name in self._fits
        ]
        self._slow = [
            (*pairs[name], self.memory[name]["velocity"], self.filters[name])
            for name in pairs
            if name not in fast
        ]

    def move(self, rate):
        """Take the step."""
        if any(dw is not None for _, dw in self._pairs_of_engine):
            weights, gradients = zip(*self._pairs_of_engine, strict=True)
            self._engine.step(weights, gradients, rate)
        for arrays in self._slow:
            self.method.move(rate, *arrays)
