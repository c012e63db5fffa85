"""What a network has learned: parameters and state by name, frozen or not."""

import fnmatch
import itertools

import numpy as np

from utils.kernels import simd, threads
from utils.network import engine, specs
from utils.network.parts import Layout, every, shapes, start


class Parameters:
    """Parameters and state of a list of parts; `ConvNet` adds what computes with them.

    Parameters
    ----------
    parts : list of Part
    dtype : numpy dtype
        float32: arrays as the engine likes them; float64: nothing is filled up.
    seed : int
        Makes the first weights repeatable.

    Attributes
    ----------
    params, state : dict
        Full name -> array, see `ConvNet`.
    """

    def __init__(self, parts, dtype, seed):
        self.parts = parts
        fast = dtype == np.float32
        empty = threads.aligned if fast else np.zeros
        self._layout = Layout(simd.LANES if fast else 1, empty)
        self.params, self.state = {}, {}
        rng = np.random.default_rng(seed)
        for part in every(parts):
            trained, _ = shapes(part)
            for key, array in start(part, rng).items():
                home = self.params if key in trained else self.state
                home[f"{part.name}.{key}"] = self._layout.pack(part, key, array)
        grads = {name: empty(array.shape) for name, array in self.params.items()}
        arrays = self.params | self.state
        self._store = engine.Store(arrays, grads, self._layout)

    def _arrays(self):
        """Go through all arrays: part, key, array."""
        arrays = self._store.arrays
        for part in every(self.parts):
            for key in itertools.chain(*shapes(part)):
                yield part, key, arrays[f"{part.name}.{key}"]

    def _wanted(self, grads):
        reached = self._reached()
        return {
            name: grads[name]
            for name in self.params
            if name in reached and name not in self.frozen
        }

    def _reached(self, parts=None):
        """Give the names of parameters that a gradient reaches."""
        names = set()
        for part in reversed(self.parts if parts is None else parts):
            if isinstance(part.layer, specs.StopGradient):
                break
            names |= {f"{part.name}.{key}" for key in shapes(part)[0]}
            names |= self._reached(part.inner)
        return names

    def _pack(self, grads):
        """Put gradients as the field has them into the arrays of the engine."""
        for part, key, _ in self._arrays():
            name = f"{part.name}.{key}"
            if name in self._store.grads and name in grads:
                packed = self._layout.pack(part, key, grads[name])
                self._store.grads[name][...] = packed
        return self._wanted(self._store.grads)

    def _check_params(self):
        """Refuse arrays that were put in the place of ours."""
        for name, array in self._store.arrays.items():
            if self.params.get(name, self.state.get(name)) is not array:
                raise ValueError(
                    f"{name} is another array than before, expected the same one with "
                    f"other numbers: write net.params[{name!r}][...] = ..., or use "
                    f"load_state_dict."
                )

    def as_field(self, arrays):
        """Write arrays that are kept as `params` are, such as gradients, as the field.

        Parameters
        ----------
        arrays : dict
            Full name of a parameter -> array.

        Returns
        -------
        dict
            Copies, (F, C, HH, WW) and without padding.
        """
        return {
            f"{part.name}.{key}": self._layout.unpack(
                part, key, arrays[f"{part.name}.{key}"]
            )
            for part, key, _ in self._arrays()
            if f"{part.name}.{key}" in arrays
        }

    @property
    def frozen(self):
        """Names of parameters that are not trained at present."""
        return self._store.frozen

    def freeze(self, *patterns):
        """Stop training parameters, by names or patterns such as "conv1.*"."""
        self._store.frozen |= self.matching(patterns)

    def unfreeze(self, *patterns):
        """Train parameters again, by names or patterns."""
        self._store.frozen -= self.matching(patterns)

    def matching(self, patterns):
        """Give the names of parameters that match any pattern."""
        found = set()
        for pattern in patterns:
            names = fnmatch.filter(self.params, pattern)
            if not names:
                raise ValueError(
                    f"No parameter is called {pattern!r}, expected one of "
                    f"{', '.join(self.params)}, or a pattern such as 'conv1.*'."
                )
            found.update(names)
        return found

    def filters(self, name):
        """Count the real numbers on the last axis of a parameter; more are padding."""
        self.matching([name])
        part = next(p for p in every(self.parts) if p.name == name.split(".")[0])
        return part.filters

    def whiten(self, filters):
        """Set the filters of the `Whiten` layer.

        Parameters
        ----------
        filters : ndarray of shape (F, C, HH, WW)
            From `utils.augment.whitening_filters`.
        """
        names = [name for name in self.state if name.startswith("whiten")]
        if not names:
            raise ValueError("The network has no Whiten layer.")
        self.load_state_dict({names[0]: filters}, partly=True)

    def state_dict(self):
        """Give copies of all parameters and state as the field writes them."""
        return {
            f"{part.name}.{key}": self._layout.unpack(part, key, array)
            for part, key, array in self._arrays()
        }

    def load_state_dict(self, arrays, partly=False):
        """Take what `state_dict` gave, here or in another network of the same layers.

        Parameters
        ----------
        arrays : dict
            Full name -> array.
        partly : bool, default False
            Whether names may be missing.

        Raises
        ------
        ValueError
            If names or shapes differ; nothing has changed then.
        """
        mine = {f"{part.name}.{key}": (part, key, a) for part, key, a in self._arrays()}
        unknown, missing = arrays.keys() - mine.keys(), mine.keys() - arrays.keys()
        if unknown or (missing and not partly):
            text = [f"unknown: {', '.join(sorted(unknown))}"] if unknown else []
            text += [f"missing: {', '.join(sorted(missing))}"] if missing else []
            raise ValueError(f"The arrays are not this network's: {'; '.join(text)}.")
        for name, array in arrays.items():
            part, key, _ = mine[name]
            expected = (shapes(part)[0] | shapes(part)[1])[key]
            if np.shape(array) != expected:
                raise ValueError(
                    f"{name} has shape {np.shape(array)}, expected {expected}."
                )
        packed = {
            name: self._layout.pack(*mine[name][:2], np.asarray(array))
            for name, array in arrays.items()
        }
        for name, array in packed.items():
            mine[name][2][...] = array
