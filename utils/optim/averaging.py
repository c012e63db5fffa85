"""Averages of weights over time.

The weights of a training run jump around a good place; their average is nearer to it.
`Ema` keeps the average beside the training, to be evaluated at the end.  `Lookahead`
trains on from the average.  Both follow parameters and the statistics of batchnorm,
which belong to them.
"""

import numpy as np

from utils.optim.blocks import blocks
from utils.optim.schedules import checked, power
from utils.optim.state import restore

DECAY = power(0.95**5, 3)  # of Lookahead: little is kept at first, 3/4 at the end


def approach(average, w, part):
    """Go a part of the way from `average` to `w`, in place; equal numbers stay."""
    for average_, w_ in blocks(average, w):
        average_ += part * (w_ - average_)


class _Average:
    """What both averages share: arrays, their counting, and the memory."""

    def __init__(self, decay, every):
        name = type(self).__name__
        is_number = isinstance(decay, int | float | np.number)
        if not callable(decay) and not (is_number and 0 <= decay < 1):
            raise ValueError(
                f"decay of {name} is {decay!r}, expected a number in [0, 1) or a "
                f"function of the progress."
            )
        if not isinstance(every, int | np.integer) or every < 1:
            raise ValueError(f"every of {name} is {every!r}, expected an int >= 1.")
        self.decay = decay if callable(decay) else float(decay)
        self.every, self.average = int(every), None
        self._count = np.zeros((), np.int64)

    def __repr__(self):
        """Print as written."""
        return f"{type(self).__name__}(decay={self.decay!r}, every={self.every})"

    def bind(self, arrays):
        """Start from copies of these arrays.

        Parameters
        ----------
        arrays : dict of str to ndarray, float32 or float64

        Raises
        ------
        ValueError
            If an array holds no such numbers.
        """
        for name, array in arrays.items():
            if getattr(array, "dtype", None) not in (np.float32, np.float64):
                kind = getattr(array, "dtype", type(array).__name__)
                raise ValueError(f"{name} is {kind}, expected float32 or float64.")
        self.average = {name: array.copy() for name, array in arrays.items()}
        self._count[...] = 0

    def _pairs(self, arrays):
        """Give average and array by name; raise an error if they do not belong."""
        if self.average is None:
            raise RuntimeError(f"{type(self).__name__} has no arrays: call bind first.")
        if arrays.keys() != self.average.keys():
            names = ", ".join(sorted(arrays.keys() ^ self.average.keys()))
            raise ValueError(f"{names}: in bind or here, but not in both.")
        for name, array in arrays.items():
            if array.shape != self.average[name].shape:
                raise ValueError(
                    f"{name} has shape {array.shape}, but had "
                    f"{self.average[name].shape} in bind."
                )
        return [(self.average[name], array) for name, array in arrays.items()]

    def _part(self, progress):
        """Give 1 - decay at this progress."""
        decay = self.decay(progress) if callable(self.decay) else self.decay
        if not 0 <= decay <= 1:
            raise ValueError(
                f"decay of {type(self).__name__} is {decay!r} at progress {progress}, "
                f"expected a number from 0 to 1."
            )
        return float(1 - decay)

    def _state(self):
        if self.average is None:
            raise RuntimeError(f"{type(self).__name__} has no arrays: call bind first.")
        named = {f"{name}.average": array for name, array in self.average.items()}
        return named | {"count": self._count}

    def state_dict(self):
        """Give copies of all that is remembered, for `numpy.savez`."""
        return {key: np.array(array) for key, array in self._state().items()}

    def load_state_dict(self, state):
        """Take over what `state_dict` gave, bit by bit (see `Optimizer`)."""
        restore(self._state(), state, f"this {type(self).__name__}")


class Ema(_Average):
    """The exponential moving average of arrays, beside the training.

        average = decay * average + (1 - decay) * w

    Parameters
    ----------
    decay : float in [0, 1) or callable, default 0.99
        What is kept of the average, or a function of the progress.  The weights that
        training starts from fade within some 5 / (1 - decay) averagings.
    every : int >= 1, default 1
        Steps of training from one averaging to the next.

    Attributes
    ----------
    average : dict of str to ndarray or None
    """

    def __init__(self, decay=0.99, every=1):
        super().__init__(decay, every)
        self._swapped = False

    def bind(self, arrays):
        """Start from copies of these arrays (a dict by name)."""
        super().bind(arrays)
        self._swapped = False

    def update(self, arrays, progress):
        """Take note of one step of training; the arrays are not changed."""
        pairs, progress = self._pairs(arrays), checked(progress)
        self._refuse_if_swapped("update")
        self._count += 1
        if self._count % self.every == 0:
            part = self._part(progress)
            for average, w in pairs:
                approach(average, w, part)

    def swap(self, arrays):
        """Exchange arrays and average, in place: once to evaluate, once to go on."""
        for average, w in self._pairs(arrays):
            for average_, w_ in blocks(average, w):
                spare = w_.copy()
                w_[...] = average_
                average_[...] = spare
        self._swapped = not self._swapped

    def state_dict(self):
        """Give copies of all that is remembered, for `numpy.savez`."""
        self._refuse_if_swapped("state_dict")
        return super().state_dict()

    def load_state_dict(self, state):
        """Take over what `state_dict` gave; nothing counts as swapped afterwards."""
        super().load_state_dict(state)
        self._swapped = False

    def _refuse_if_swapped(self, call):
        if self._swapped:
            raise RuntimeError(f"Ema holds the weights: swap back before {call}.")


class Lookahead(_Average):
    """Train on from an average of the weights.

    A step towards the weights that training has found, every few steps::

        average = decay * average + (1 - decay) * w
        w = average

    The step at progress 1 is the last one, and leaves the average in ``w``.

    Parameters
    ----------
    decay : float in [0, 1) or callable, default power(0.95**5, 3)
        What is kept of the average, or a function of the progress.
    every : int >= 1, default 5
        Steps of training from one averaging to the next.

    Attributes
    ----------
    average : dict of str to ndarray or None

    References
    ----------
    .. [1] M. Zhang, J. Lucas, J. Ba and G. Hinton, "Lookahead optimizer: k steps
       forward, 1 step back", NeurIPS 2019.
    .. [2] K. Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU",
       arXiv:2404.00498, 2024, section 3.4 (the default decay).
    """

    def __init__(self, decay=DECAY, every=5):
        super().__init__(decay, every)

    def update(self, arrays, progress):
        """Take note of one step of training; change the arrays if it is time."""
        pairs, progress = self._pairs(arrays), checked(progress)
        self._count += 1
        is_time = self._count % self.every == 0
        if not is_time and progress < 1:
            return
        part = self._part(progress) if is_time else 0.0
        for average, w in pairs:
            approach(average, w, part)
            w[...] = average
